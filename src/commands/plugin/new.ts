import { Args, Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ZebuCommand } from '@zebu/kit/command';
import type { PluginKind } from '../../lib/plugin-template/scaffold.js';
import type { Scaffolded } from '../../lib/plugin-template/results.js';

const KINDS: readonly PluginKind[] = ['transport', 'secrets', 'hook'];

export default class PluginNew extends ZebuCommand<Scaffolded> {
  static override result = resultOf<Scaffolded>(
    1,
    async () => (await import('../../lib/plugin-template/results.js')).scaffolded,
  );
  static override exits = exits([]);
  static override summary = 'Start a plugin: a TypeScript package that works, with tests of the contract.';
  static override examples = [
    '<%= config.bin %> plugin:new vault --secrets',
    '<%= config.bin %> plugin:new tunnel --transport',
    '<%= config.bin %> plugin:new chat --hook',
  ];
  static override args = {
    name: Args.string({ required: true, description: 'What it is called; the package is zebu-plugin-NAME.' }),
  };
  static override flags = {
    transport: Flags.boolean({
      description: 'A way to reach Proxmox.',
      exactlyOne: ['transport', 'secrets', 'hook'],
    }),
    secrets: Flags.boolean({ description: 'A place secrets come from.' }),
    hook: Flags.boolean({ description: 'Something to do before or after create, deploy, rollback or rotate.' }),
  };

  async execute(): Promise<Scaffolded> {
    const { args, flags } = await this.parse(PluginNew);
    const { scaffoldPlugin } = await import('../../lib/plugin-template/scaffold.js');
    const made = await scaffoldPlugin({
      zebuRoot: this.config.root,
      cwd: process.cwd(),
      name: args.name,
      kind: KINDS.find((kind) => flags[kind]) ?? 'hook',
    });
    this.io.out(`${made.package} is in ${made.folder}`);
    this.io.out(`next: cd ${made.package} && npm install && npm test`);
    return made;
  }
}
