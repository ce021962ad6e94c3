/** A command whose output is longer than the screen, as the last word says it goes on: `end`, `fail`, `flow`, `hang`. */
import { Args } from '@oclif/core';
import { ZebuError } from '@zebu/kit';
import { shown } from '@zebu/kit/core';
import { pagerFlag, ZebuCommand } from '@zebu/kit/command';

class LongOutput extends ZebuCommand<{ lines: number }> {
  static override args = { then: Args.string({ required: true }) };
  static override flags = { ...pagerFlag };

  async execute(): Promise<{ lines: number }> {
    const { args, flags } = await this.parse(LongOutput);
    this.page(flags);
    for (let line = 1; line <= 60; line++) this.io.out(`line ${line}`);
    this.io.warn('said meanwhile');
    if (args.then === 'fail') throw new ZebuError('DEPLOY_UNHEALTHY', 'It is not well');
    // oclif would not wait for what keeps nothing open.
    const open = setInterval(() => {}, 1000);
    for (let line = 61; args.then === 'flow'; line++) await this.io.flow([shown`line ${line}`]);
    if (args.then === 'hang') {
      await new Promise((_, reject) =>
        this.signal.addEventListener('abort', () => reject(this.signal.reason as ZebuError)),
      );
    }
    if (args.then === 'deaf') await new Promise(() => {});
    clearInterval(open);
    return { lines: 60 };
  }
}

try {
  await LongOutput.run(process.argv.slice(2), { root: import.meta.dirname });
} catch {
  // It has said why.
}
process.exit();
