import { Flags } from '@oclif/core';
import { resultOf } from '@zebu/kit';
import { ProjectCommand } from '../../lib/command/project-command.js';
import type { LogLine } from '../../lib/deploy/logs.js';

export interface Logs {
  readonly lines: readonly LogLine[];
}

export default class AppLogs extends ProjectCommand<Logs> {
  static override result = resultOf<Logs>(1, async () => (await import('../../lib/deploy/results.js')).logs);
  static override summary = "Show what the app's services print.";
  static override description = 'With --json and --follow: one JSON object a line, without an end.';
  static override examples = [
    '<%= config.bin %> app:logs --tail 50',
    '<%= config.bin %> app:logs -f api web',
    '<%= config.bin %> app:logs --since 10m --json',
  ];
  static override usage = 'app:logs [SERVICE...] [-f] [--since TIME] [-n LINES]';
  static override strict = false;
  static override flags = {
    follow: Flags.boolean({ char: 'f', description: 'Go on showing new lines until interrupted.' }),
    since: Flags.string({ helpValue: 'TIME', description: 'Only lines since then: 10m, 2h, 2026-11-24T05:00:00.' }),
    tail: Flags.integer({ char: 'n', min: 0, helpValue: 'LINES', description: 'Only the last lines of each service.' }),
    timestamps: Flags.boolean({ char: 't', description: 'Show when each line was printed.' }),
  };

  async execute(): Promise<Logs> {
    const { flags, argv } = await this.parse(AppLogs);
    const context = await this.context(flags);
    const { streamLogs } = await import('../../lib/deploy/logs.js');
    const kept: LogLine[] = [];
    const show = (line: LogLine): void => {
      if (this.io.json && flags.follow) process.stdout.write(`${this.io.redactor.clean(JSON.stringify(line))}\n`);
      else if (this.io.json) kept.push(line);
      else this.io.out(line.service === '' ? line.line : `${line.service} | ${line.line}`);
    };
    try {
      await streamLogs(
        context,
        {
          services: argv as string[],
          follow: flags.follow,
          since: flags.since,
          tail: flags.tail,
          timestamps: flags.timestamps,
        },
        show,
      );
    } catch (error) {
      // Ctrl-C is how following ends.
      if (!(flags.follow && this.signal.aborted)) throw error;
    }
    if (this.io.json && flags.follow) this.exit(0);
    return { lines: kept };
  }
}
