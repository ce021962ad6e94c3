import { Flags } from '@oclif/core';
import { exits, resultOf } from '@zebu/kit';
import { ON_THE_HOST, ProjectCommand } from '../../lib/command/project-command.js';
import type { DeployResult } from '../../lib/deploy/results.js';
import { formatSeconds } from '../../lib/ui/units.js';

export default class AppDeploy extends ProjectCommand<DeployResult> {
  static override result = resultOf<DeployResult>(
    1,
    async () => (await import('../../lib/deploy/results.js')).deployResult,
  );
  static override exits = exits([...ON_THE_HOST, 'restored', 'unhealthy', 'unknown']);
  static override hiddenAliases = ['deploy'];
  static override summary =
    'Deploy a tag, branch or commit: build it in the VM, start it, verify it, or put the old one back.';
  static override description =
    'Sends only what the VM lacks. The work itself is done in the VM and goes on when the connection is lost. A release that does not become healthy is undone (exit 7).';
  static override examples = [
    '<%= config.bin %> app:deploy --tag v1.2',
    '<%= config.bin %> app:deploy --branch main --json',
    '<%= config.bin %> app:deploy --dirty',
    '<%= config.bin %> app:deploy --tag v1.2 --dry-run',
    '<%= config.bin %> app:follow $(<%= config.bin %> app:deploy --tag v1.2 --detach)',
  ];
  // What oclif makes of flags that exclude each other has gaps in it.
  static override usage =
    'app:deploy (--tag TAG | --branch BRANCH | --commit COMMIT | --dirty) [--rehearse | --detach | --dry-run] [--rebuild] [--probation] [--lock-wait SECONDS]';
  static override flags = {
    tag: Flags.string({
      description: 'Tag to deploy.',
      env: 'ZEBU_TAG',
      exactlyOne: ['tag', 'branch', 'commit', 'dirty'],
      aliases: ['version'],
    }),
    branch: Flags.string({ description: 'Branch to deploy.' }),
    commit: Flags.string({ description: 'Commit to deploy.' }),
    dirty: Flags.boolean({ description: 'Deploy the working tree as it is, without a commit.' }),
    detach: Flags.boolean({
      default: false,
      description: 'Start it and print its id; app:follow watches. Probes from the client are left out.',
    }),
    'dry-run': Flags.boolean({
      default: false,
      description: 'Say what would change and what is in the way, and do nothing.',
      exclusive: ['detach'],
    }),
    rehearse: Flags.boolean({
      default: false,
      description: 'First as app:rehearse, and on only where that was good.',
      exclusive: ['dry-run', 'dirty'],
    }),
    rebuild: Flags.boolean({
      default: false,
      description: 'Have Docker build every image, also where nothing of it has changed since one that is there.',
      exclusive: ['dry-run'],
    }),
    probation: Flags.boolean({
      default: false,
      description: 'Stay until deploy.probation is over: exit 7 or 8 if the release is gone back from.',
      exclusive: ['detach', 'dry-run'],
    }),
    'lock-wait': Flags.integer({
      min: 0,
      max: 86_400,
      helpValue: 'SECONDS',
      description: 'Wait this long for another deploy to end.',
    }),
  };

  protected override graceMs = 5000;

  async execute(): Promise<DeployResult> {
    const { flags } = await this.parse(AppDeploy);
    const lockWait = flags['lock-wait'];
    const context = await this.context(
      flags,
      lockWait === undefined ? [] : [{ text: `deploy.lock_wait=${lockWait}`, flag: '--lock-wait' }],
    );
    const { deployReport } = await import('../../lib/ui/ci-report.js');
    const { wantedRef } = await import('../../lib/repository/wanted-ref.js');
    const wanted = wantedRef(flags);
    this.ciReport = deployReport(
      context.config.app,
      `deploy of ${wanted.kind === 'dirty' ? 'the working tree' : wanted.name}`,
    );
    if (flags.rehearse) {
      // The clone is removed first.
      this.graceMs = 120_000;
      const { rehearse } = await import('../../lib/rehearse/rehearse.js');
      const { rehearsalLines } = await import('../../lib/rehearse/text.js');
      const lock = context.config.deploy.lock_wait;
      const rehearsed = await rehearse(context, {
        ref: wanted,
        storage: undefined,
        memoryMb: undefined,
        lockWait: lock,
        keep: false,
        rebuild: flags.rebuild,
      });
      for (const line of rehearsalLines(rehearsed)) this.io.note(line);
    }
    this.graceMs = 5000;
    const { deploy } = await import('../../lib/deploy/deploy.js');
    const result = await deploy(context, {
      ref: wanted,
      lockWait: context.config.deploy.lock_wait,
      detach: flags.detach,
      stay: flags.probation,
      dryRun: flags['dry-run'],
      rebuild: flags.rebuild,
    });
    if (result.plan !== null) {
      const { planLines } = await import('../../lib/deploy/dry-run/text.js');
      const { ref, commit, previous, host } = result;
      this.io.out(`${ref ?? ''} (${commit?.slice(0, 7) ?? ''}) would replace ${previous ?? 'nothing'} on ${host}`);
      for (const line of planLines({ ...result, plan: result.plan }, this.io.width)) this.io.out(line);
      return result;
    }
    this.io.out(
      result.verdict === 'running'
        ? result.release
        : `${result.ref ?? ''} is live as release ${result.release} on ${result.host}`,
    );
    if (result.verdict === 'live' && result.probation > 0)
      this.io.note(`It is on probation for ${formatSeconds(result.probation)}: zebu app:status`);
    if (result.verdict === 'live' && result.url !== null) this.io.out(result.url);
    return result;
  }
}
