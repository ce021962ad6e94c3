import { Flags } from '@oclif/core';
import { resultOf } from '@zebu/kit';
import { pagerFlag } from '@zebu/kit/command';
import { ProjectCommand } from '../../lib/command/project-command.js';
import { releaseArg, serviceArgs } from '../../lib/command/worded.js';
import type { LogLine, ReleaseLine } from '../../lib/app/results.js';

export default class AppLogs extends ProjectCommand<never> {
  /** The one command whose `--json` has no envelope: this is the shape of a line. */
  static override result = resultOf<LogLine | ReleaseLine>(
    2,
    async () => (await import('../../lib/app/results.js')).logLine,
  );
  static override hiddenAliases = ['logs'];
  static override summary = "Show what the app's services print, or what the deploy of a release printed.";
  static override description = `With --json there is no envelope but one JSON object a line: {service, container, time, line}; with --release {release, step, line}. An error is the usual envelope, as the last line.

--grep takes a JavaScript regular expression and is matched against the text without service and time; --tail counts lines before --grep chooses. Following without --tail and --since begins with the last 100 lines of each service.`;
  static override examples = [
    '<%= config.bin %> app:logs --tail 50',
    '<%= config.bin %> app:logs -f api web',
    "<%= config.bin %> app:logs --since 2h --grep 'error|timeout' -i",
    '<%= config.bin %> app:logs --since 10m --json | jq -r .line',
    '<%= config.bin %> app:logs --release 20261124T053000Z-1a2b3c4',
  ];
  static override usage = 'app:logs [SERVICE...] [-f] [--since TIME] [-n LINES] [--grep REGEX] | --release ID';
  static override strict = false;
  static override flags = {
    follow: Flags.boolean({ char: 'f', description: 'Go on showing new lines until interrupted.' }),
    since: Flags.string({ helpValue: 'TIME', description: 'Only lines since then: 10m, 2h, 3d, 2026-11-24T05:00:00.' }),
    tail: Flags.integer({ char: 'n', min: 0, helpValue: 'LINES', description: 'Only the last lines of each service.' }),
    timestamps: Flags.boolean({ char: 't', description: 'Show when each line was printed.' }),
    grep: Flags.string({ helpValue: 'REGEX', description: 'Only lines that match.' }),
    'ignore-case': Flags.boolean({
      char: 'i',
      description: 'Take capital and small letters of --grep for the same.',
      dependsOn: ['grep'],
    }),
    release: Flags.string({
      parse: releaseArg,
      helpValue: 'ID',
      description: 'What the deploy of this release printed: build, hooks, start.',
      exclusive: ['follow', 'since', 'tail', 'timestamps'],
    }),
    ...pagerFlag,
  };

  async execute(): Promise<never> {
    const { flags, argv } = await this.parse(AppLogs);
    const services = await serviceArgs(argv as string[]);
    if (!flags.follow) this.page(flags);
    const { streamLogs, toRegExp, toSince } = await import('../../lib/app/logs.js');
    const grep = flags.grep === undefined ? undefined : toRegExp(flags.grep, flags['ignore-case']);
    const since = flags.since === undefined ? undefined : toSince(flags.since);
    const context = await this.context(flags);
    if (flags.release !== undefined) {
      const { showReleaseOutput } = await import('../../lib/app/release-output.js');
      await showReleaseOutput(context, flags.release, grep);
      return this.exit(0);
    }
    const { follow, tail, timestamps } = flags;
    try {
      await streamLogs(context, { services, follow, since, tail, timestamps, grep });
    } catch (error) {
      // Ctrl-C is how following ends.
      if (!(follow && this.signal.aborted)) throw error;
    }
    return this.exit(0);
  }
}
