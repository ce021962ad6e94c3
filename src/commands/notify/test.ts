import { Args } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ERROR_CODES } from '@zebu/kit/core';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { NotifyTest as Result } from '../../lib/upkeep/results.js';

export default class NotifyTest extends ProjectCommand<Result> {
  static override result = resultOf<Result>(1, async () => (await import('../../lib/upkeep/results.js')).notifyTest);
  static override exits = exits(ON_THE_HOST, 'Also 4 when a message did not arrive.');
  static override summary = 'Have the VM send a test to those who are told what happens.';
  static override description =
    'It goes the way everything else goes: from the unit in the VM, with the secrets that are there. What came back is said for each receiver of `notify`. Changes nothing; what zebu.yml says newly of `notify` is put into the VM by vm:apply, or by a deploy.';
  static override examples = ['<%= config.bin %> notify:test', '<%= config.bin %> notify:test phone --json'];
  static override args = {
    receiver: Args.string({ description: 'Name of a receiver in zebu.yml. Default: all of them.' }),
  };

  async execute(): Promise<Result> {
    const { args, flags } = await this.parse(NotifyTest);
    const context = await this.context(flags);
    const { testNotify } = await import('../../lib/upkeep/notify/test.js');
    const result = await testNotify(context, args.receiver);
    for (const { name, how, ok, reason } of result.receivers)
      this.io.out(`${ok ? 'ok  ' : 'fail'}  ${name}  ${ok ? `it has arrived (${how})` : `${how}: ${reason ?? ''}`}`);
    if (result.receivers.some(({ ok }) => !ok)) process.exitCode = ERROR_CODES.UNREACHABLE;
    return result;
  }
}
