import { Flags } from '@oclif/core';
import { exits, resultOf, ZebuError } from '@zebu/kit';
import type { CiInitialized } from '../../lib/ci/results.js';
import { ProjectCommand } from '../../lib/command/project-command.js';

export default class CiInit extends ProjectCommand<CiInitialized> {
  static override result = resultOf<CiInitialized>(
    1,
    async () => (await import('../../lib/ci/results.js')).ciInitialized,
  );
  static override exits = exits(['configuration', 'precondition']);
  static override summary =
    'Write a GitHub Actions workflow that deploys a tag when it is pushed, and any ref by hand.';
  static override description =
    'With a protected environment, one deploy at a time, actions pinned by commit, only the secrets zebu.yml declares, zebu itself by its checksum, and a check that Proxmox can be reached at all.';
  static override examples = [
    '<%= config.bin %> ci:init',
    '<%= config.bin %> ci:init --package .github/zebu-0.1.0.tgz',
    '<%= config.bin %> ci:init --runner self-hosted --environment staging',
  ];
  static override flags = {
    environment: Flags.string({ default: 'production', description: 'GitHub environment of the deploy.' }),
    runner: Flags.string({ default: 'ubuntu-latest', description: 'Label of the runner.' }),
    package: Flags.string({
      helpValue: 'FILE',
      description:
        'Tarball of zebu in this repository, which the workflow installs. Default: this version in the registry, if it is there and from the same source.',
    }),
    force: Flags.boolean({ description: 'Write over a workflow that is there.' }),
  };

  async execute(): Promise<CiInitialized> {
    const { flags } = await this.parse(CiInit);
    for (const [flag, value] of [
      ['--environment', flags.environment],
      ['--runner', flags.runner],
    ] as const) {
      if (!/^[A-Za-z0-9][\w .-]*$/.test(value))
        throw new ZebuError('USAGE', `${flag} ${value}: letters, digits, blanks, . _ and - only`);
    }
    const context = await this.context(flags);
    const { ciInit } = await import('../../lib/ci/init.js');
    const { ciPackage } = await import('../../lib/ci/package.js');
    const { repositoryOf } = await import('../../lib/update/repository.js');
    const { version, pjson } = this.config;
    const repository = repositoryOf(pjson);
    const made = await ciInit(context, {
      ...flags,
      zebu: (top) => ciPackage({ given: flags.package, cwd: process.cwd(), top, version, repository }),
    });
    if (made.privateHost !== null)
      this.io.out(
        `${made.privateHost} is not to be reached from GitHub. Without any way in, the VM can fetch signed tags itself: zebu pull:enable (docs/pull.md). The workflow needs a runner that reaches it (--runner self-hosted).`,
      );
    this.io.out(`wrote ${made.file}`);
    this.io.out(`secrets to set (Settings, Secrets and variables, Actions): ${made.secrets.join(', ')}`);
    this.io.out(`variables, where zebu.yml does not say it: ${made.variables.join(', ')}`);
    this.io.out(`environment: ${made.environment}; add reviewers or tag rules to it to guard deploys`);
    return made;
  }
}
