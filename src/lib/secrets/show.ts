import type { Io } from '@zebu/kit';
import { table } from '../ui/table.js';
import { formatMinute } from '../ui/units.js';
import type { ChangedSecrets, PlaceList, SecretVersionSummary, SecretsList, SyncResult } from './results.js';

const dash = (text: string | null | undefined): string =>
  text === null || text === undefined || text === '' ? '-' : text;
const minute = (iso: string | null): string => dash(iso === null ? null : formatMinute(iso));

export function showChanges(io: Io, result: SyncResult): void {
  const rows = result.changes.map(({ name, status, before, after, origin }) => {
    const digest = before === after || before === null ? dash(after) : `${before} -> ${dash(after)}`;
    return [name, status, digest, dash(origin)];
  });
  if (rows.length === 0) io.out('No secret is declared in zebu.yml');
  else for (const line of table(['secret', 'status', 'digest', 'from'], rows, io.width)) io.out(line);
  if (result.dryRun) {
    io.note('Nothing was changed.');
    return;
  }
  const count = result.changes.filter(({ status }) =>
    ['added', 'changed', 'generated', 'removed'].includes(status),
  ).length;
  if (count === 0) io.note(`${result.to} has them all already.`);
  else if (result.version === null) io.note(`${count} written to ${result.to}.`);
  else {
    const when = result.applied ? 'live and verified' : 'used by the next deploy, or now with --apply';
    io.note(`Version ${result.version} in ${result.to}: ${when}.`);
  }
}

export function showList(io: Io, { secrets }: SecretsList): void {
  const rows = secrets.map((each) => [
    each.name,
    each.declared ? each.state : `${each.state}, not declared`,
    minute(each.since),
    dash(each.digest),
    dash(each.source),
    each.usedBy === null ? '?' : dash(each.usedBy.join(' ')),
    String(each.releases.length),
  ]);
  if (rows.length === 0) io.out('No secret is declared in zebu.yml');
  else
    for (const line of table(
      ['secret', 'in the VM', 'since', 'digest', 'source', 'used by', 'releases'],
      rows,
      io.width,
    ))
      io.out(line);
  const named = (strength: string): string =>
    secrets.flatMap((each) => (each.masked === strength ? [each.name] : [])).join(', ');
  if (named('never') !== '') io.note(`Too short to be masked: ${named('never')}`);
  if (named('word') !== '') io.note(`Short or common, so masked only as a whole word: ${named('word')}`);
}

export function showPlace(io: Io, { place, readable, names }: PlaceList): void {
  const rows = names.map((each) => [each.name, minute(each.updatedAt), each.declared ? 'yes' : 'no']);
  if (rows.length === 0) io.out(`${place} has none`);
  else for (const line of table(['secret', 'since', 'declared'], rows, io.width)) io.out(line);
  if (!readable) io.note(`${place} gives no value back: names and dates are all that can be read.`);
}

export function showHistory(io: Io, versions: readonly SecretVersionSummary[]): void {
  const rows = versions.map((each) => [
    `${each.version}${each.live ? ' (live)' : ''}`,
    minute(each.at),
    each.who,
    each.why,
    [
      ...each.added.map((name) => `+${name}`),
      ...each.changed.map((name) => `~${name}`),
      ...each.removed.map((name) => `-${name}`),
    ].join(' '),
    each.kept ? 'yes' : 'no',
  ]);
  if (rows.length === 0) io.out('The VM has no secrets yet');
  else for (const line of table(['version', 'at', 'who', 'why', 'names', 'kept'], rows, io.width)) io.out(line);
}

export function showChanged(io: Io, { names, version, applied, services }: ChangedSecrets): void {
  if (names.length === 0) io.out('Nothing to change');
  else if (!applied) io.out(`${names.join(', ')} stored as version ${version}; the next deploy uses it`);
  else
    io.out(
      `${names.join(', ')} live as version ${version}${services.length === 0 ? '' : `; recreated ${services.join(', ')}`}`,
    );
}
