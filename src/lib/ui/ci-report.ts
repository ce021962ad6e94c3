import type { ZebuError } from '@zebu/kit';
import type { CiReport, CommandOutcome } from '@zebu/kit/core';

type Verdict = 'interrupted' | 'live' | 'refused' | 'restored' | 'unhealthy' | 'unknown';

interface Deployed {
  readonly release: string;
  readonly ref: string | null;
  readonly commit: string | null;
  readonly seconds: number;
  readonly host: string;
  readonly url: string | null;
}

const TITLES: Readonly<Record<Verdict, string>> = {
  live: '✅ live',
  restored: '↩️ not healthy; the previous release was restored',
  unhealthy: '❌ not healthy',
  refused: '⛔ refused, nothing was changed',
  unknown: '❔ unknown: it may still be running in the VM',
  interrupted: '✋ interrupted before anything was changed',
};

function verdictOf(error: ZebuError): Verdict {
  switch (error.exit) {
    case 7:
      return 'restored';
    case 8:
      return 'unhealthy';
    case 9:
      return 'unknown';
    case 130:
      return 'interrupted';
    default:
      return 'refused';
  }
}

/** A cell of a Markdown table: one line, nothing that would end the cell or start markup. */
const cell = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_{}[\]<>|]/g, '\\$&');

/** What a deploy or a rollback leaves behind in GitHub Actions. */
export function deployReport(
  app: { readonly name: string; readonly url?: string | undefined },
  what: string,
): (outcome: CommandOutcome<Deployed>) => CiReport {
  const startedAt = Date.now();
  return (outcome) => {
    const verdict = outcome.ok ? 'live' : verdictOf(outcome.error);
    const known = outcome.ok ? outcome.result.release : outcome.error.details?.['release'];
    const release = typeof known === 'string' ? known : '';
    const rows: (readonly [string, string])[] = [['Verdict', TITLES[verdict]]];
    if (release !== '') rows.push(['Release', `\`${release}\``]);
    if (outcome.ok && outcome.result.commit !== null) rows.push(['Commit', `\`${outcome.result.commit}\``]);
    rows.push(['Took', `${Math.round((Date.now() - startedAt) / 1000)} s`]);
    const url = (outcome.ok ? outcome.result.url : null) ?? app.url;
    if (url !== undefined) rows.push(['App', `<${url}>`]);
    if (!outcome.ok) {
      rows.push(['Why', cell(outcome.error.message)]);
      if (outcome.error.hint !== undefined) rows.push(['Next', cell(outcome.error.hint)]);
    }
    const table = rows.map(([name, value]) => `| ${name} | ${value} |`).join('\n');
    return {
      outputs: { release, url: url ?? '', verdict },
      summary: `### ${cell(app.name)}: ${cell(what)}\n\n| | |\n|---|---|\n${table}\n`,
    };
  };
}
