import { bool, int, str, type ParamSpecs } from './params.js';
import { retentionProblem } from './retention.js';

const KNOWN = ['cluster', 'guestname', 'node', 'vmid'];

/** What is wrong with a template for notes, with where, in PVE's words. */
export function notesProblem(text: string): string | undefined {
  if (text.includes('\n')) return 'contains a line feed\n';
  const problems: string[] = [];
  for (const { 0: escape, index } of text.matchAll(/\\(?:[^\\n]|$)/g))
    problems.push(`escape sequence '${escape}' at char ${index}`);
  for (const { 1: name = '', index } of text.matchAll(/\{\{([^\s{}]+)\}\}/g))
    if (!KNOWN.includes(name)) problems.push(`variable '${name}' at char ${index + 4}`);
  return problems.length === 0 ? undefined : `found unknown: ${problems.join(', ')}\n`;
}

/** Parameters of a backup, made at once or by a job. */
export const VZDUMP_OPTIONS: ParamSpecs = {
  vmid: str,
  all: bool,
  exclude: str,
  pool: str,
  node: str,
  storage: str,
  mode: { type: 'string', values: ['snapshot', 'suspend', 'stop'] },
  compress: { type: 'string', values: ['0', '1', 'gzip', 'lzo', 'zstd'] },
  'prune-backups': { type: 'string', format: retentionProblem },
  remove: bool,
  protected: bool,
  'notes-template': { type: 'string', maxLength: 1024, format: notesProblem },
  'notification-mode': { type: 'string', values: ['auto', 'legacy-sendmail', 'notification-system'] },
  mailnotification: { type: 'string', values: ['always', 'failure'] },
  mailto: str,
  bwlimit: int,
  ionice: int,
  lockwait: int,
  stopwait: int,
  zstd: int,
  pigz: int,
  fleecing: str,
  performance: str,
  quiet: bool,
  stop: bool,
};
