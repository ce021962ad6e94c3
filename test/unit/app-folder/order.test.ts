import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appLayout } from '../../../src/lib/app-folder/layout.js';
import ORDER from '../../../src/lib/app-folder/order.sh';
import { showJournalScript } from '../../../src/lib/runs/programs/show-journal.js';
import { chooseRelease, parseReleases, releasesScript } from '../../../src/lib/app/releases.js';
import COMMIT from '../../../src/lib/runner/commit.sh';
import IN_USE from '../../../src/lib/runner/in-use.sh';
import PRUNE from '../../../src/lib/runner/remove-old.sh';
import RECEIVE from '../../../src/lib/runner/receive.sh';
import { runIn, vmShells } from '../../support/shells.js';

/** Two laptops, the second a day ahead of the first, deploying in turns: minute by minute, in the order they did. */
const [A1, B1, A2, B2, A3] = [
  '20261128T100000Z-aaaaaa1',
  '20261129T100100Z-bbbbbb1',
  '20261128T100200Z-aaaaaa2',
  '20261129T100300Z-bbbbbb2',
  '20261128T100400Z-aaaaaa3',
] as const;

describe.each(vmShells())('what came after what, in $name', { timeout: 60_000 }, (shell) => {
  let base: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'zebu-order-'));
    mkdirSync(join(base, 'releases'));
    mkdirSync(join(base, 'journals'));
  });
  afterEach(() => rmSync(base, { recursive: true }));

  const sh = (script: string, programs: Readonly<Record<string, string>> = {}): readonly string[] => {
    mkdirSync(join(base, 'bin'), { recursive: true });
    for (const [name, body] of Object.entries(programs)) {
      writeFileSync(join(base, 'bin', name), `#!/bin/sh\n${body}\n`);
      chmodSync(join(base, 'bin', name), 0o755);
    }
    const { stdout, stderr } = runIn(shell, script, { cwd: base, env: { PATH: join(base, 'bin') } });
    expect(stderr).toBe('');
    return stdout.split('\n').filter((line) => line !== '');
  };
  const takePlace = (run: string): void => void sh(`${ORDER}take_place . '${run}'`);
  const record = (run: string, verdict = 'live', id = run): void =>
    writeFileSync(
      join(base, 'releases.jsonl'),
      `${JSON.stringify({ id, ref: 'v1', kind: 'tag', commit: id.slice(-7), subject: 'says "run":"x"', who: 'ann', from: 'laptop', run, started: 1, seconds: 2, verdict })}\n`,
      { flag: 'a' },
    );
  const folder = (id: string): void => {
    mkdirSync(join(base, 'releases', id), { recursive: true });
    writeFileSync(join(base, 'releases', id, 'plan'), '');
    writeFileSync(join(base, 'releases', id, 'verified'), '');
  };
  const journal = (run: string): void => writeFileSync(join(base, `journals/${run}.jsonl`), `{"of":"${run}"}\n`);
  const live = (id: string): void => {
    rmSync(join(base, 'current'), { force: true });
    symlinkSync(`releases/${id}`, join(base, 'current'));
  };
  /** What a run of this zebu leaves. */
  const deploy = (id: string): void => {
    takePlace(id);
    folder(id);
    journal(id);
    live(id);
    record(id);
  };
  /** What one of a zebu before `order` leaves. */
  const deployOfOlder = (id: string): void => {
    folder(id);
    journal(id);
    live(id);
    record(id);
  };
  const releases = (): readonly string[] => sh(`${ORDER}releases_in_order .`);
  const found = (): ReturnType<typeof parseReleases> => parseReleases(`${sh(releasesScript(base)).join('\n')}\n`);
  const before = (): string => chooseRelease(found(), undefined);
  const newestJournal = (): string | undefined =>
    sh(showJournalScript({ ...appLayout('shop'), base }, undefined, 0)).at(-1);
  const pruned = (keep: number): readonly string[] =>
    sh(`base=${base} work=${base} id=none keep=${keep}\n${ORDER}${COMMIT}${IN_USE}${PRUNE}\nold_releases`);

  it('is the order of the VM, whatever the clocks of the laptops say', () => {
    for (const id of [A1, B1, A2, B2, A3]) deploy(id);
    expect(releases()).toEqual([A1, B1, A2, B2, A3]);
    expect(found().releases.map(({ id }) => id)).toEqual([A3, B2, A2, B1, A1]);
    expect(newestJournal()).toBe(`{"of":"${A3}"}`);
    expect(before()).toBe(B2);
    live(B2);
    expect(before()).toBe(A2);
    live(A1);
    expect(() => before()).toThrow(/There is no earlier release/);
  });

  it('is gone back to by the name of what was deployed: the newest of that name which is still there', () => {
    for (const id of [A1, B1, A2]) deploy(id);
    const tagged = (id: string, ref: string): void =>
      writeFileSync(
        join(base, 'releases.jsonl'),
        readFileSync(join(base, 'releases.jsonl'), 'utf8').replace(
          `"id":"${id}","ref":"v1"`,
          `"id":"${id}","ref":"${ref}"`,
        ),
      );
    tagged(A2, 'v2');
    expect(chooseRelease(found(), 'v1')).toBe(B1);
    expect(chooseRelease(found(), A1)).toBe(A1);
    expect(() => chooseRelease(found(), 'v3')).toThrow(
      expect.objectContaining({
        code: 'REF_UNKNOWN',
        message: 'There is no release v3 in the VM',
        hint: `To go back to there is v1 (${B1}), v1 (${A1}). zebu app:deploy brings any other.`,
      }),
    );
    rmSync(join(base, `releases/${B1}/verified`));
    rmSync(join(base, `releases/${A1}/verified`));
    expect(() => chooseRelease(found(), 'v1')).toThrow(/The release v1 is not in the VM any more/);
  });

  it('decides what goes: the newest stay, and what is live, however old', () => {
    for (const id of [A1, B1, A2, B2, A3]) deploy(id);
    expect(pruned(2)).toEqual([A2, B1, A1]);
    live(A1);
    expect(pruned(2)).toEqual([B2, A2, B1]);
    rmSync(join(base, `releases/${B2}/verified`));
    rmSync(join(base, `releases/${B1}/verified`));
    // Of those that failed the newest stays.
    expect(pruned(3)).toEqual([B1]);
  });

  it('does not return to what was fled, nor keep it rather than what was gone back to', () => {
    for (const id of [A1, B1, A2]) deploy(id);
    live(B1);
    record(B1);
    deploy(B2);
    expect(before()).toBe(B1);
    expect(pruned(2)).toEqual([A1, A2]);
    live(B1);
    record(B1);
    expect(before()).toBe(A1);
    // It was not so bad after all: gone back to by name, it is one of those that were live again.
    live(A2);
    record(A2);
    expect(before()).toBe(B1);
  });

  it('of a folder that an older zebu made is that of its records, then by name; the next run writes it down', () => {
    for (const id of [B1, A2, B2]) deployOfOlder(id);
    folder(A3);
    expect(existsSync(join(base, 'order'))).toBe(false);
    // Never recorded, so its name is all that is known of it.
    expect(releases()).toEqual([A3, B1, A2, B2]);
    rmSync(join(base, 'releases.jsonl'));
    expect(releases()).toEqual([A2, A3, B1, B2]);
    deploy(A1);
    expect(releases()).toEqual([A2, A3, B1, B2, A1]);
    expect(readFileSync(join(base, 'order'), 'utf8').trim().split('\n')).toEqual([A2, A3, B1, B2, A1]);
    expect(newestJournal()).toBe(`{"of":"${A1}"}`);
  });

  it('has what an older zebu brings in between where it came', () => {
    deploy(B1);
    deployOfOlder(A2);
    expect([releases(), before(), newestJournal()]).toEqual([[B1, A2], B1, `{"of":"${A2}"}`]);
    deploy(A1);
    expect([releases(), before()]).toEqual([[B1, A2, A1], A2]);
  });

  it('is known without the file, from the records', () => {
    for (const id of [A1, B1, A2]) deploy(id);
    for (const lost of ['', 'cut off\0\0']) {
      writeFileSync(join(base, 'order'), lost);
      expect([releases(), before()]).toEqual([[A1, B1, A2], B1]);
    }
  });

  it('has other runs of a release between, such as a rollback', () => {
    for (const id of [A1, B1]) deploy(id);
    takePlace(A2);
    journal(A2);
    live(A1);
    record(A2, 'live', A1);
    expect(newestJournal()).toBe(`{"of":"${A2}"}`);
    deploy(B2);
    expect([releases(), before()]).toEqual([[A1, B1, B2], A1]);
  });

  it('forgets what is gone', () => {
    for (const id of [A1, B1, A2]) deploy(id);
    for (const id of [A1, B1]) rmSync(join(base, `journals/${id}.jsonl`));
    rmSync(join(base, `releases/${B1}`), { recursive: true });
    takePlace(A3);
    expect(readFileSync(join(base, 'order'), 'utf8')).toBe(`${A1}\n${A2}\n${A3}\n`);
  });

  it('keeps the newest 200 journals', () => {
    const name = (n: number): string => `202611${n % 2 === 0 ? '28' : '29'}T10${String(n).padStart(4, '0')}Z-abcdef0`;
    const all = Array.from({ length: 203 }, (_, n) => name(n));
    for (const each of all) journal(each);
    writeFileSync(join(base, 'order'), all.map((each) => `${each}\n`).join(''));
    sh(`base=${base} work=${base} id=none keep=1 journal=/dev/null build_cache=1GB
begin() { :; }
note() { :; }
clock() { clock=0; }
${ORDER}${COMMIT}${IN_USE}${PRUNE}
prune_build_cache() { :; }
prune`);
    expect(sh(`${ORDER}journals_in_order .`)).toEqual(all.slice(3));
  });

  it('has a place for what was received and never began, and takes it before anything else', () => {
    deploy(B1);
    mkdirSync(join(base, 'repo.git'));
    mkdirSync(join(base, 'shared/secrets'), { recursive: true });
    writeFileSync(join(base, 'runner'), RECEIVE);
    // The pack is broken, or the connection: git fails.
    const cutOff = (run: string): void =>
      void sh(`sh runner start deploy . ${run} ${run} ${'a'.repeat(40)} 1 1.env </dev/null || :`, { git: 'exit 1' });
    cutOff(A2);
    expect(readFileSync(join(base, 'order'), 'utf8')).toBe(`${B1}\n${A2}\n`);
    // So far only its place is there; what comes next is not mistaken for it.
    deploy(A1);
    expect([releases(), before(), newestJournal()]).toEqual([[B1, A1], B1, `{"of":"${A1}"}`]);
    // What git finds damaged is removed, and begun anew.
    mkdirSync(join(base, 'repo.git'), { recursive: true });
    const halfWay = { git: `case "$*" in *index-pack*) cat >/dev/null ;; *) exit 1 ;; esac` };
    sh(`sh runner start deploy . ${A3} ${A3} ${'a'.repeat(40)} 1 1.env </dev/null || :`, halfWay);
    // What came in part is no release.
    expect(releases()).toEqual([B1, A1]);
    deploy(B2);
    expect([releases(), before()]).toEqual([[B1, A1, B2], A1]);
    expect(pruned(9)).toEqual([]);
  });

  it('is never half written: what cannot be written leaves what there was, and the run does not begin', () => {
    for (const id of [A1, B1]) deploy(id);
    mkdirSync(join(base, 'order.new'));
    writeFileSync(join(base, 'runner'), RECEIVE);
    expect(sh(`sh runner start rollback . ${A1} ${A2} 2>/dev/null || echo refused`)).toEqual(['refused']);
    expect(existsSync(join(base, `journals/${A2}.jsonl`))).toBe(false);
    expect(readFileSync(join(base, 'order'), 'utf8')).toBe(`${A1}\n${B1}\n`);
  });
});
