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

  it('are remembered where they were fetched', () => {
    const app = setup({
      '--no-cache restore': `for each; do target=$each; done; mkdir -p "$target/${ID}"; echo id=${ID} >"$target/${ID}/manifest"`,
    });
    expect(app.run(`fetch_offsite ${ID} && echo fetched || echo "$reason"`).lines).toEqual(['fetched']);
    expect(app.read('data/fetched')).toBe(`${ID}\n`);
  });
});
