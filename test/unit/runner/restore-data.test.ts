import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  dumpWorld,
  endlessDump,
  keptDump,
  rowsSettings,
  waitedForDump,
  type DumpWorld,
} from '../../support/dump-world.js';
import { runnerApp, type RunnerApp } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const ID = '20261129T120000Z';

describe.each(vmShells())('a dump that is restored, in $name', { timeout: 60_000 }, (shell) => {
  const setup = (only = ''): { app: RunnerApp; world: DumpWorld; rows: () => string } => {
    const app = runnerApp(shell);
    const world = dumpWorld(app);
    app.docker(world.docker);
    symlinkSync('releases/r1', join(app.base, 'current'));
    app.write('data/restore', `restore_id=${ID} restore_only='${only}'\n${rowsSettings(world.folder)}`);
    return { app, world, rows: () => readFileSync(join(world.folder, 'rows'), 'utf8') };
  };
  /** Up to where anything is stopped: what comes then is stood in for. */
  const refused = (app: RunnerApp): string => {
    app.run('previous=r2; bring_data() { echo reached; exit 0; }; stop_all() { :; }; restore_data', { mode: 'data' });
    const { end, cause = '', reason = '' } = app.journal().at(-1) ?? {};
    return end === 'refused' ? `${cause}: ${reason}` : 'not refused';
  };

  it('is refused where it is not there, or not what it was, and nothing is left open', () => {
    const { app, rows } = setup();
    expect(refused(app)).toBe(`dump-missing: there is no dump ${ID} in the VM`);
    keptDump(app, ID, 'then\n', 'f'.repeat(64));
    app.write('data/restore', `restore_id=${ID}\n${rowsSettings('/x')}`);
    expect(refused(app)).toContain('dump-damaged: the dump of rows is damaged');
    expect(app.has('transaction')).toBe(false);
    expect(app.has('data/restore')).toBe(false);
    expect(refused(app)).toBe('not-stored: what is to be restored was not stored');
    expect(rows()).toBe('now\n');
  });

  it('is refused where the live release has no such store, or nothing of it is asked for', () => {
    const { app } = setup();
    keptDump(app, ID, 'then\n');
    app.write('data/restore', `restore_id=${ID}\ndata_stores='' data_volumes=''\n`);
    expect(refused(app)).toBe('dump-unfit: the dump has rows (command), and the live release has no such store');
    const other = setup('else').app;
    keptDump(other, ID, 'then\n');
    expect(refused(other)).toBe('dump-unfit: nothing of the dump is to be restored');
  });

  it('puts the old data aside before anything, and what is there is what the dump has', () => {
    const { app, world, rows } = setup();
    keptDump(app, ID, 'then\n');
    const { lines } = app.run(`read_restore && match_stores "$dumped" && check_places && put_aside && echo aside
cat "$base/data/aside"
fill_server rows command id-db 1 <<'END'
then
END
echo "$?"`);
    expect(lines).toEqual(['aside', `copied|${world.folder}`, '0']);
    expect(rows()).toBe('then\n');
    expect(readFileSync(`${world.folder}.zebu-run2/rows`, 'utf8')).toBe('now\n');
    // Twice, as after a crash in the middle.
    app.run('aside_name=.zebu-run2; put_back; put_back');
    expect(rows()).toBe('now\n');
    expect(readdirSync(join(world.folder, '..')).filter((each) => each.includes('.zebu-'))).toEqual([]);
  });

  it.each([
    '',
    'as_root mv -T "$1" "$1$aside_name";',
    'as_root mv -T "$1" "$1$aside_name"; as_root mkdir "$1"; echo new >"$1/rows";',
  ])('has its old folder back, whatever of this was done when it was killed: %s', (done) => {
    const { app, world, rows } = setup();
    app.run(`aside_name=.zebu-run2; set -- "${world.folder}"; note_aside "moved|$1"; ${done} put_back`);
    expect(rows()).toBe('now\n');
    expect(readdirSync(world.folder)).toEqual(['rows']);
  });

  it('takes away what was not there before, and forgets what was put aside once it is good', () => {
    const { app, world } = setup();
    const wal = join(world.folder, 'rows-wal');
    app.run(`aside_name=.zebu-run2; aside_file "${wal}"; aside_folder "${world.folder}"`);
    expect(readdirSync(world.folder)).toEqual([]);
    app.run('aside_name=.zebu-run2; put_back');
    writeFileSync(wal, 'x');
    app.run('aside_name=.zebu-run2; put_back');
    expect(readdirSync(world.folder)).toEqual(['rows']);
    app.run(`rm "$base/data/aside"; aside_name=.zebu-run2; aside_folder "${world.folder}"; forget_aside`);
    expect(readdirSync(world.folder)).toEqual([]);
    expect(app.has('data/aside')).toBe(false);
  });

  it('is not taken for undone where root cannot be asked, and nothing is taken for absent', () => {
    const { app, world, rows } = setup();
    const mute = 'as_root() { return 1; }';
    const file = join(world.folder, 'rows');
    expect(
      app.run(`aside_name=.zebu-run2; ${mute}; aside_file "${file}" || echo "$why"; cat "$base/data/aside" 2>/dev/null`)
        .lines,
    ).toEqual([`${file} could not be looked at`]);
    app.run(`aside_name=.zebu-run2; aside_folder "${world.folder}"`);
    expect(app.run(`aside_name=.zebu-run2; ${mute}; put_back; echo "$?"`).lines).toEqual(['1']);
    expect(app.has('data/aside')).toBe(true);
    expect(app.run('aside_name=.zebu-run2; put_back; echo "$?"').lines).toEqual(['0']);
    expect(rows()).toBe('now\n');
  });

  it('says what a program that says nothing ended with', () => {
    const { app, world } = setup();
    keptDump(app, ID, 'then\n');
    const mute = 'fill_server() { cat >/dev/null; return 3; }; await_store() { :; }';
    app.docker({ ...world.docker, 'ps -q': 'echo id-db' });
    expect(
      app.run(`read_restore && match_stores "$dumped"; ${mute}; fill_servers "$dumped" || echo "$why"`).lines,
    ).toEqual(['rows: what restores it ended with exit status 3, and said nothing']);
  });

  it('is undone by whoever finds it open: the old data is back before anything is started', () => {
    const { app, world, rows } = setup();
    app.program('docker', { ...world.docker, version: ':', 'ps -a': ':', 'rm -f': ':' });
    app.write(
      'transaction',
      'tx_phase=switch tx_mode=data tx_id=r2 tx_run=run2 tx_previous=r2 tx_started=1 tx_boot=x tx_uptime=1\n',
    );
    app.write('journals/run2.jsonl', '{"t":1,"step":"restore-data","state":"begin","detail":""}\n');
    app.run(`aside_name=.zebu-run2; aside_folder "${world.folder}"`);
    mkdirSync(join(world.folder, 'half'));
    app.run('bring_up() { cat "$(dirname "$base")/kept/rows" >"$base/served"; }; note_containers() { :; }; recover', {
      mode: 'recover',
    });
    expect(app.read('served')).toBe('now\n');
    expect(rows()).toBe('now\n');
    expect(app.journal().at(-1)).toMatchObject({ end: 'restored', cause: 'interrupted' });
    for (const each of ['data/aside', 'data/restore', 'transaction']) expect(app.has(each)).toBe(false);
  });

  const UNDONE =
    'bring_up() { : >"$base/served"; }; note_containers() { :; }; sleep() { :; }; failed_cause=unhealthy failed=sick; ';
  const OPEN = { mode: 'data' } as const;
  const open = (app: RunnerApp): void => {
    app.write(
      'transaction',
      'tx_phase=switch tx_mode=data tx_id=r2 tx_run=run2 tx_previous=r2 tx_started=1 tx_boot=x tx_uptime=1\n',
    );
    app.write('journals/run2.jsonl', '{"t":1,"step":"restore-data","state":"begin","detail":""}\n');
  };

  it.each([
    ['docker_back() { return 1; };', 'Docker does not answer'],
    ['timeout() { case $* in *"docker ps -q"*) return 1 ;; esac; };', 'the containers could not be stopped'],
    ['put_back() { return 1; };', 'what is beside the new data with .zebu-run2 at the end could not be put back'],
  ])('stays open with nothing started while the old data is aside, and is tried again: %s', (broken, why) => {
    for (const [start, mode] of [
      ['step=verify previous=r2; phase switch; undo_restore', 'data'],
      ['recover', 'recover'],
    ] as const) {
      const { app, world, rows } = setup();
      app.program('docker', { ...world.docker, version: ':', 'ps -a': ':', 'rm -f': ':' });
      open(app);
      app.run(`aside_name=.zebu-run2; aside_folder "${world.folder}"`);
      const { code } = app.run(`aside_name=.zebu-run2; ${UNDONE}${broken} ${start}`, { mode });
      expect([code, app.has('transaction'), app.has('data/aside'), app.has('served')]).toEqual([75, true, true, false]);
      const end = app.journal().at(-1);
      expect(end).toMatchObject({ end: 'unhealthy' });
      expect(end?.reason).toContain(`; ${why}: the old data is still aside, and the app was not started`);
      expect(app.has('releases.jsonl')).toBe(false);
      app.run(`${UNDONE}recover`, { mode: 'recover' });
      expect(rows()).toBe('now\n');
      expect([app.has('transaction'), app.has('data/aside'), app.has('served')]).toEqual([false, false, true]);
      const ends = app.journal().filter((each) => each.end !== undefined);
      expect(ends).toMatchObject([{ end: 'restored', cause: 'interrupted' }]);
    }
  });

  it('is refused where what is there could not be dumped first, with the cause', () => {
    const { app, world } = setup();
    keptDump(app, ID, 'then\n');
    app.write(
      'data/restore',
      `restore_id=${ID} restore_first=1\n${rowsSettings(world.folder)}data_1_dump() { echo no way >&2; return 3; }\n`,
    );
    expect(refused(app)).toBe(
      'dump-failed: what is there now could not be dumped first: the dump of rows (command) failed: no way (--no-dump restores without that)',
    );
    expect([app.has('transaction'), app.has('data/restore')]).toEqual([false, false]);
    app.write(
      'data/restore',
      `restore_id=${ID} restore_first=''\n${rowsSettings(world.folder)}data_1_dump() { return 3; }\n`,
    );
    expect(refused(app)).toBe('not refused');
  });

  it('waits for no dump that begins with it for longer than a minute, and has it not kept', () => {
    const { app } = setup();
    keptDump(app, ID, 'then\n');
    endlessDump(app);
    const { calls } = app.run('previous=r2; bring_data() { echo reached; exit 0; }; begin_switch 60; echo', OPEN);
    expect([waitedForDump(calls), app.has('data/overtaken')]).toEqual([['60'], true]);
    // Longer before it has begun: then it is refused, and the dump is kept.
    expect(refused(app)).toBe('data-busy: a dump is under way, for longer than 600 s');
  });

  it('leaves what the next one is to restore, which may have been stored before this one was ended', () => {
    const { app } = setup();
    app.write('data/restore', `restore_run=run3\nrestore_id=${ID}\n`);
    app.run('forget_restore');
    expect(app.has('data/restore')).toBe(true);
    app.run('run=run3; forget_restore');
    expect(app.has('data/restore')).toBe(false);
  });

  it('that came from off the VM is remembered, once it is good', () => {
    const { app } = setup();
    app.run('note_containers() { :; }; previous=r2; keep_restored "" ""', OPEN);
    expect(app.has('data/adopted')).toBe(false);
    app.write('data/fetched', `${ID}\n`);
    app.write('data/restore', `restore_run=run2\nrestore_id=${ID}\n`);
    app.run('note_containers() { :; }; previous=r2; keep_restored "" ""', OPEN);
    expect(app.read('data/adopted')).toMatch(/^\d+\n$/);
  });

  it('is finished by whoever finds it open after it was verified', () => {
    const { app, world } = setup();
    app.write(
      'transaction',
      'tx_phase=live tx_mode=data tx_id=r2 tx_run=run2 tx_previous=r2 tx_started=1 tx_boot=x tx_uptime=1\n',
    );
    app.write('journals/run2.jsonl', '{"t":1,"step":"commit","state":"begin","detail":""}\n');
    app.run(`aside_name=.zebu-run2; aside_folder "${world.folder}"`);
    app.run('note_containers() { :; }; recover', { mode: 'recover' });
    expect(app.journal().at(-1)).toMatchObject({ end: 'live', cause: 'resumed' });
    expect(readdirSync(world.folder)).toEqual([]);
    expect(app.has('data/aside')).toBe(false);
  });

  it('has the files of Redis where it looks for them, with and without its log of changes', () => {
    const { app, world } = setup();
    app.run(`printf 'REDIS0011' | gzip >"$base/dump.gz"
printf 'dir=/data\\ndbfilename=mine.rdb\\nappendonly=yes\\nappendfilename=log.aof\\nappenddirname=logs\\n' >"$base/settings"
fill_redis "${world.folder}" "$base/dump.gz" "$base/settings"`);
    expect(readFileSync(join(world.folder, 'mine.rdb'), 'utf8')).toBe('REDIS0011');
    expect(readFileSync(join(world.folder, 'logs/log.aof.1.base.rdb'), 'utf8')).toBe('REDIS0011');
    expect(readFileSync(join(world.folder, 'logs/log.aof.manifest'), 'utf8')).toBe(
      'file log.aof.1.base.rdb seq 1 type b\n',
    );
    app.run(`fill_redis "${world.folder}" "$base/dump.gz" "$base/none"`);
    expect(readdirSync(world.folder)).toContain('dump.rdb');
  });
});
