import { describe, expect, it } from 'vitest';
import { dumpProgram } from '../../../src/lib/dumps/shell.js';
import { parseData } from '../../../src/lib/data/read.js';
import { dumpWorld, keptDump, rowsSettings } from '../../support/dump-world.js';
import { runnerApp, type RunnerApp } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const ID = '20261129T120000Z';

describe.each(vmShells())('dumps off the VM, in $name', { timeout: 60_000 }, (shell) => {
  const setup = (restic: Readonly<Record<string, string>>): RunnerApp => {
    const app = runnerApp(shell);
    const { docker, folder } = dumpWorld(app);
    app.docker(docker);
    app.write('shared/secrets/1.env', "WHERE='/nas'\nWORD='x'\n");
    const settings = `${rowsSettings(folder)}data_offsite_repository=WHERE data_offsite_password=WORD data_offsite_environment='' data_offsite_keep='--keep-last 3'\n`;
    app.plan('r2', {}, settings);
    app.write('settings', settings);
    app.program('restic', { '--no-cache cat': ':', '--no-cache forget': ':', ...restic });
    return app;
  };
  const list = (app: RunnerApp): ReturnType<typeof parseData> => {
    const values = {
      project: 'shop',
      base: app.base,
      action: 'list',
      why: 'manual',
      who: 'ann',
      from: 'laptop',
    } as const;
    return parseData(
      app
        .run(`(${dumpProgram({ ...values, settings: app.read('settings'), offsite: true, wait: 1 })})`)
        .lines.join('\n'),
    );
  };

  it('say which VM has made them, which is the same one ever after', () => {
    const app = setup({ '--no-cache backup': ':' });
    keptDump(app, ID, 'then\n');
    const { calls } = app.run('cd "$base"; dump_says() { :; }; copy_offsite || echo "$reason"');
    const origin = app.read('data/origin').trim();
    expect(origin).toMatch(/^[0-9a-f-]{36}$/);
    const tags = calls.find((call) => call[2] === 'backup')?.[7];
    expect(tags).toBe(`zebu,app=shop,dump=${ID},origin=${origin}`);
    expect(app.run('dump_origin').lines).toEqual([origin]);
    const snapshots = ['this', 'other'].map((each, n) => ({
      time: '2026-01-01T00:00:00Z',
      id: each,
      tags: ['zebu', `dump=2026010${n}T000000Z`, `origin=${each === 'this' ? origin : each}`],
    }));
    app.program('restic', { '--no-cache snapshots': `echo '${JSON.stringify(snapshots)}'` });
    app.write('data/adopted', '5\n');
    expect(list(app)).toMatchObject({
      adopted: 5,
      offsite: [
        { snapshot: 'other', own: false },
        { snapshot: 'this', own: true },
      ],
    });
  });

  const FETCHED = {
    '--no-cache stats': `echo '{"total_size":1048576,"snapshots_count":1}'`,
    '--no-cache restore': `for each; do target=$each; done; mkdir -p "$target/${ID}"; echo id=${ID} >"$target/${ID}/manifest"`,
  };

  it('are remembered where they were fetched', () => {
    const app = setup(FETCHED);
    expect(app.run(`fetch_offsite ${ID} && echo fetched || echo "$reason"`).lines).toEqual(['fetched']);
    expect(app.read('data/fetched')).toBe(`${ID}\n`);
  });

  it('are not fetched where there is no room for them', () => {
    const app = setup(FETCHED);
    expect(app.run(`min_free=100000000; fetch_offsite ${ID} || echo "$cause: $reason"`).lines).toEqual([
      'no-space: no space left in the VM for the dump: it takes 1 MiB, and deploy.min_free_mb (100000000 MiB) is to stay free',
    ]);
    expect(app.has('data/fetching')).toBe(false);
    expect(app.has(`data/dumps/${ID}`)).toBe(false);
  });

  it('that are lent to a copy are none of this VM', () => {
    const app = setup(FETCHED);
    const values = { project: 'shop', base: app.base, why: 'manual', who: 'ann', from: 'laptop' } as const;
    const program = (action: 'forget-lent' | 'lend'): string =>
      `(${dumpProgram({ ...values, action, settings: app.read('settings'), offsite: false, asked: ID, wait: 1 })})`;
    app.write('current/plan', '');
    expect(app.run(program('lend')).lines).toEqual([`at=${ID}, from off the VM`]);
    expect(app.read(`data/lent/${ID}/manifest`)).toBe(`id=${ID}\n`);
    expect(list(app).dumps).toEqual([]);
    app.run(program('forget-lent'));
    expect(app.has('data/lent')).toBe(false);
  });

  /** A repository of this id in the place, or none until it is made. */
  const inPlace = (id: string, there = true): Readonly<Record<string, string>> => ({
    '--no-cache cat': `${there ? '' : 'if [ ! -e made ]; then echo "Is there a repository at the following location?" >&2; exit 10; fi; '}echo '{ "version": 2, "id": "${id}" }'`,
    '--no-cache init': ': >made',
    '--no-cache backup': ':',
  });
  const COPY = 'cd "$base"; dump_says() { :; }; copy_offsite || echo "$reason"; cat data/offsite-done';

  it('go to another place as a whole, and not where a mount may be missing', () => {
    const app = setup(inPlace('aa11'));
    keptDump(app, ID, 'then\n');
    expect(app.run(COPY).lines).toEqual([ID]);
    expect(app.read('data/offsite-made')).toMatch(/^[0-9a-f]{64} aa11\n$/);
    keptDump(app, '20261129T130000Z', 'then\n');
    app.program('restic', { '--no-cache forget': ':', ...inPlace('bb22', false) });
    expect(app.run(COPY).lines).toEqual(['the off-site repository is gone: is something not mounted?', ID]);
    app.write('shared/secrets/2.env', "WHERE='/other'\nWORD='x'\n");
    const { lines, calls } = app.run(COPY);
    expect(lines).toEqual([ID, '20261129T130000Z']);
    expect(calls.filter((call) => call.includes('backup'))).toHaveLength(2);
    expect(app.read('data/offsite-made')).toMatch(/ bb22\n$/);
  });

  const program = (app: RunnerApp, action: 'key-add' | 'key-drop', asked = ''): string => {
    const values = { project: 'shop', base: app.base, why: 'manual', who: 'ann', from: 'laptop' } as const;
    const settings = app.read('settings');
    return `(${dumpProgram({ ...values, action, settings, offsite: false, asked, word: "new's", wait: 1 })})`;
  };

  it('take another password beside the one they have, which is in no argument', () => {
    const app = setup({
      ...inPlace('aa11'),
      '--no-cache key list': 'echo \'[{"current":true,"id":"k1"}]\'',
      '--no-cache key add': 'cat "$5" >given',
      '--no-cache key remove': ':',
    });
    const { lines, calls } = app.run(program(app, 'key-add'));
    expect(lines).toEqual(['before=[{"current":true,"id":"k1"}]', 'after=[{"current":true,"id":"k1"}]']);
    expect(JSON.stringify(calls)).not.toContain("new's");
    expect(app.run(program(app, 'key-drop', 'k1')).calls.at(-1)).toEqual([
      'restic',
      '--no-cache',
      'key',
      'remove',
      'k1',
    ]);
  });

  it('need none where there is no repository yet, and say where neither is the right one', () => {
    const none = setup(inPlace('aa11', false));
    expect(none.run(program(none, 'key-add')).lines).toEqual([]);
    const denied = setup({ '--no-cache cat': 'echo "wrong password or no key found" >&2; exit 12' });
    expect(denied.run(program(denied, 'key-add')).lines).toEqual([
      'cause=offsite-denied',
      'reason=neither the password in the VM nor the new one is that of the off-site repository',
    ]);
    const mended = setup({
      '--no-cache cat': '[ -z "$RESTIC_PASSWORD_FILE" ] || exit 0; echo "wrong password" >&2; exit 12',
    });
    expect(mended.run(program(mended, 'key-add')).lines).toEqual([]);
  });

  it.each([
    [
      'trying until its time is over',
      'unexpected HTTP response (507): 507 Insufficient Storage',
      'no-space: the off-site repository is full',
    ],
    [
      '',
      'Fatal: wrong password or no key found',
      'offsite-denied: the password is not that of the off-site repository',
    ],
    [
      '',
      'dial tcp 192.0.2.1:8000: connect: connection refused',
      'offsite-away: the off-site repository does not answer',
    ],
  ])('that cannot be copied say why in one line: %s %s', (wait, words, said) => {
    const app = setup({ '--no-cache backup': `echo '${words}' >&2; ${wait === '' ? '' : 'sleep 5; '}exit 1` });
    keptDump(app, ID, 'then\n');
    const { lines } = app.run('cd "$base"; data_timeout=1; dump_says() { :; }; copy_offsite || echo "$cause: $reason"');
    expect(lines).toEqual([said]);
  });
});
