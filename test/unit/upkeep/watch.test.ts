/** The program that looks at the live release, in real shells, with stand-ins for Docker and the disk. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { variables } from '@zebu/kit';
import { parseStatus } from '../../../src/lib/app-folder/services.js';
import { healProgram, watchProgram } from '../../../src/lib/upkeep/watch/unit.js';
import { allShells, runIn, standIns } from '../../support/shells.js';

interface Container {
  readonly service: string;
  readonly state?: string;
  readonly health?: string;
  readonly exit?: number;
  readonly restarts?: number;
  readonly policy?: string;
  readonly id?: string;
  readonly hash?: string;
  readonly image?: string;
}

const line = ({
  service,
  state = 'running',
  health = '',
  exit = 0,
  restarts = 0,
  policy = 'always',
  ...more
}: Container): string =>
  [
    service,
    state,
    health,
    exit,
    restarts,
    'false',
    '2026-01-01T00:00:00Z',
    `${policy} `,
    `/shop-${service}-1`,
    more.id ?? `id-${service}`,
    more.hash ?? 'h',
    more.image ?? 'i',
  ].join('|');

/** What lies in memory is called after it, and is nobody else's on this machine. */
const app = `shop-${process.pid}`;

describe.each(allShells())('in $name, the watch', { timeout: 60_000 }, (shell) => {
  let base: string;
  let bin: string;
  let df: string;
  const at = (path: string): string => join(base, path);
  const read = (path: string): string => (existsSync(at(path)) ? readFileSync(at(path), 'utf8') : '');
  const put = (path: string, text: string): void => writeFileSync(at(path), text);
  const events = (): readonly Record<string, unknown>[] =>
    read('events/events.jsonl')
      .split('\n')
      .filter((each) => each !== '')
      .map((each) => JSON.parse(each) as Record<string, unknown>);
  const kinds = (): readonly unknown[] => events().map(({ event }) => event);

  let maxAge: { max_age?: string } = {};
  /** One look at these containers. */
  const look = (
    containers: readonly Container[] | undefined,
    settings: Readonly<Record<string, unknown>> = {},
    more: Readonly<Record<string, unknown>> = {},
  ): void => {
    const all = containers?.map(line).join('\n') ?? '';
    put('inspect', containers === undefined ? '' : `${all}\n`);
    put('ids', (containers ?? []).map((each) => `${each.id ?? `id-${each.service}`}\n`).join(''));
    put('silent', containers === undefined ? 'yes' : '');
    const program = watchProgram({
      app: { name: app, ...more } as never,
      watch: { every: 60, disk: 90, heal: 'never', ...settings } as never,
      prove: maxAge,
    });
    const { code, stderr } = runIn(shell, df + variables({ app, base, user: 'me' }) + program, {
      env: { PATH: bin },
    });
    expect(stderr).toBe('');
    expect(code).toBe(0);
  };
  /** What was noted of the release when it was verified. */
  const recorded = (...services: readonly string[]): void =>
    put('releases/r/containers', services.map((each) => `${each}|h|i|1|\n`).join(''));
  const heal = (): void => {
    const { code, stderr } = runIn(shell, variables({ app, base, user: 'me' }) + healProgram(), {
      env: { PATH: bin },
    });
    expect(stderr).toBe('');
    expect(code).toBe(0);
  };

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'zebu-watch-'));
    bin = join(base, 'bin');
    for (const each of ['watch', 'releases/r']) mkdirSync(at(each), { recursive: true });
    put('releases/r/plan', '');
    put('lock', '');
    symlinkSync('releases/r', at('current'));
    recorded('web', 'db');
    put('disk', '50');
    standIns(bin, {
      docker: `echo "$1" >>'${base}/asked'
[ -s '${base}/silent' ] && { echo no >&2; exit 1; }
case "$1 $*" in
  *'.State.Status}} {{with'*) awk -F'|' 'NR == 1 { print $7, $2, $3 }' '${base}/inspect' ;;
  inspect*) shift 3; for id; do awk -F'|' -v id="$id" '$10 == id { print; n = 1 } END { exit !n }' '${base}/inspect' || e=1; done; exit \${e:-0} ;;
  ps*) cat '${base}/ids' ;;
  restart*) echo "$2" >>'${base}/restarted'; [ ! -s '${base}/stuck' ] || { echo 'Error response from daemon: "stuck"'; exit 1; } ;;
esac`,
    });
    // As a function: busybox takes its own program for one of this name.
    df = `df() { printf 'Filesystem 1024-blocks Used Available Capacity Mounted on\\n/dev/vda1 100 50 2097152 %s%% /\\n' "$(cat '${base}/disk')"; }\n`;
  });
  afterEach(() => rmSync(base, { recursive: true }));

  const well = [{ service: 'web', health: 'healthy' }, { service: 'db' }];
  const down = [
    { service: 'web', health: 'healthy' },
    { service: 'db', state: 'exited', exit: 137 },
  ];

  it('says nothing of what is well, and asks Docker once a look', () => {
    look(well);
    look(well);
    look(well);
    expect(events()).toEqual([]);
    expect(read('watch/state')).toMatch(/^well \d+ \d+ \d+\n$/);
    expect(read('asked').trim().split('\n')).toEqual(['ps', 'inspect', 'inspect', 'inspect']);
  });

  it('tells once what lasts for two looks, and once that it is over', () => {
    look(well);
    look(down);
    expect(events()).toEqual([]);
    look(down);
    look(down);
    expect(events()).toEqual([
      expect.objectContaining({ event: 'down', services: ['db'], reason: 'db has exited with code 137' }),
    ]);
    expect(read('watch/state')).toMatch(/^down /);
    look(well);
    expect(kinds()).toEqual(['down']);
    look(well);
    look(well);
    expect(kinds()).toEqual(['down', 'up']);
    expect(events()[1]).toMatchObject({ was: 'down', services: ['db'] });
    expect(read('watch/history')).toMatch(/^\d+\t\d+\tdown\tdb has exited with code 137\n$/);
    expect(read('watch/state')).toMatch(/^well /);
  });

  it('takes one slow look for nothing', () => {
    look(down);
    look(well);
    look(down);
    look(well);
    expect(events()).toEqual([]);
  });

  it('tells when it becomes worse, and of all that it was in the end', () => {
    const sick = [{ service: 'web', health: 'unhealthy' }, { service: 'db' }];
    for (const each of [sick, sick, down, down, well, sick, well, well, well]) look(each);
    expect(events().map(({ event, was }) => [event, was])).toEqual([
      ['unhealthy', undefined],
      ['down', undefined],
      ['up', 'unhealthy down'],
    ]);
  });

  it('waits for what is starting: it is neither well nor worse', () => {
    const starting = [{ service: 'web', health: 'starting' }, { service: 'db' }];
    const sick = [{ service: 'web', health: 'unhealthy' }, { service: 'db' }];
    for (const each of [starting, starting, sick, sick, starting, starting, starting, sick]) look(each);
    expect(kinds()).toEqual(['unhealthy']);
    look(well);
    look(well);
    expect(kinds()).toEqual(['unhealthy', 'up']);
  });

  it('finds what restarts again and again, by how often within ten minutes', () => {
    const crash = (restarts: number): readonly Container[] => [{ service: 'web', restarts }, { service: 'db' }];
    look(crash(4));
    look(crash(5));
    look(crash(6));
    expect(events()).toEqual([]);
    look(crash(7));
    look(crash(7));
    expect(events()).toEqual([
      expect.objectContaining({
        event: 'restarting',
        reason: 'web restarts again and again (3 times, last exit code 0)',
      }),
    ]);
    // Ten minutes later.
    put('watch/counts', read('watch/counts').replaceAll(/^\d+/gm, '5'));
    look(crash(7));
    look(crash(7));
    expect(kinds()).toEqual(['restarting', 'up']);
  });

  it.each([
    ['what app:stop stopped', { service: 'db', state: 'exited', exit: 137 }, 'db|2026-01-01T00:00:00Z\n'],
    ['what an older app:stop stopped', { service: 'db', state: 'exited', exit: 137 }, 'db\n'],
    ['a one-shot that ended well', { service: 'db', state: 'exited', policy: 'no' }, ''],
  ])('does not mind %s', (_, container, stopped) => {
    put('stopped', stopped);
    look([{ service: 'web' }, container]);
    look([{ service: 'web' }, container]);
    expect(events()).toEqual([]);
  });

  it('minds what somebody started by hand after app:stop, and what died then', () => {
    put('stopped', 'db|2025-12-31T00:00:00Z\n');
    const gone = { service: 'db', state: 'exited', exit: 1 };
    look([{ service: 'web' }, gone]);
    look([{ service: 'web' }, gone]);
    expect(kinds()).toEqual(['down']);
  });

  it.each([
    [{ service: 'db', state: 'paused' }, 'db is paused'],
    [{ service: 'db', state: 'created' }, 'db is created'],
    [{ service: 'db', state: 'exited', exit: 0 }, 'db has exited with code 0'],
    [{ service: 'db', state: 'exited', exit: 1, policy: 'no' }, 'db has exited with code 1'],
  ])('judges %o', (container, reason) => {
    look([{ service: 'web' }, container]);
    look([{ service: 'web' }, container]);
    expect(events()).toEqual([expect.objectContaining({ event: 'down', reason })]);
  });

  it('judges as app:status does', () => {
    const states = ['running', 'exited', 'restarting', 'created', 'paused', 'dead'];
    for (const state of states)
      for (const health of state === 'running' ? ['', 'healthy', 'starting', 'unhealthy'] : [''])
        for (const exit of state === 'exited' ? [0, 3] : [0])
          for (const policy of ['no', 'always']) {
            rmSync(at('watch'), { recursive: true });
            rmSync(at('events'), { recursive: true, force: true });
            mkdirSync(at('watch'));
            const container = { service: 'db', state, health, exit, policy };
            look([{ service: 'web' }, container]);
            look([{ service: 'web' }, container]);
            const json = `container={"service":"db","oneoff":"False","name":"/db","state":"${state}","health":${health === '' ? 'null' : `"${health}"`},"exit":${exit},"oom":false,"restarts":0,"started":"","image":"","imageId":"","hash":"","check":false,"policy":"${policy}","ports":{},"bindings":{},"pid":1}`;
            const verdict = parseStatus(json).services[0]?.verdict;
            // What was never started is nothing to wait for here: nobody is starting it.
            const trouble = verdict === 'bad' || state === 'created';
            expect(kinds().length > 0, `${state} ${health} ${exit} ${policy}: ${String(verdict)}`).toBe(trouble);
          }
  });

  it('tells what has no container, what was changed by hand, and that Docker is silent', () => {
    const changed = [{ service: 'web', hash: 'other' }, { service: 'extra' }];
    look(changed);
    look(changed);
    expect(events()).toEqual([
      expect.objectContaining({ event: 'down', reason: 'db has no container' }),
      expect.objectContaining({
        event: 'drifted',
        services: ['web', 'extra'],
        reason: "web runs with another configuration than the release's; extra is not part of the release",
      }),
    ]);
    look(well);
    look(well);
    expect(kinds()).toEqual(['down', 'drifted', 'up', 'drifted-over']);
    look(undefined);
    look(undefined);
    expect(events().at(-1)).toMatchObject({ event: 'down', reason: 'Docker does not answer' });
  });

  it('tells of a disk that is full, and not again with every file', () => {
    const disk = (percent: string): void => {
      put('disk', percent);
      look(well);
    };
    for (const percent of ['89', '90', '91', '89', '91', '88', '87', '86']) disk(percent);
    expect(events().map(({ event, reason }) => [event, reason])).toEqual([
      ['disk', '/ is 91 % full, 2048 MiB are left'],
      ['disk-over', undefined],
    ]);
  });

  it('tells of a certificate that was not renewed, and asks for it once an hour', () => {
    const proxy = { proxy: { tls: 'auto', domains: ['shop.example.org', '*.example.org'], https_port: 8443 } };
    const day = (days: number): string =>
      new Date(Date.now() + days * 86_400_000).toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) (\S+)/, '$2 $1 $4 $3');
    const certificate = (left: number): void => {
      standIns(bin, {
        openssl: `echo "$*" >>'${base}/tls'; [ "$1" = s_client ] || printf 'notBefore=%s\\nnotAfter=%s\\n' '${day(left - 90)}' '${day(left)}'`,
      });
      rmSync(at('watch/certificates'), { force: true });
    };
    certificate(19);
    for (const _ of [1, 2]) look(well, {}, proxy);
    expect(events()).toEqual([]);
    expect(read('tls').match(/s_client.*/g)).toEqual(['s_client -connect 127.0.0.1:8443 -servername shop.example.org']);
    const ends = new Date(Date.now() + 17 * 86_400_000).toISOString().slice(0, 10);
    certificate(17);
    for (const _ of [1, 2]) look(well, {}, proxy);
    expect(kinds()).toEqual(['certificate']);
    expect(events()[0]?.['reason']).toMatch(
      new RegExp(`^that of shop.example.org ends ${ends} \\d\\d:\\d\\d UTC and was not renewed$`),
    );
  });

  it('tells when no backup was proven for as long as prove.max_age says, and when one was', () => {
    const proof = (at: number, proven = true): string =>
      `${JSON.stringify({ backup: 'local:backup/x', at: new Date(at).toISOString(), proven, why: 'say "at":"x"' })}\n`;
    const well = [{ service: 'web', health: 'healthy' }];
    recorded('web');
    for (const _ of [1, 2]) look(well);
    expect(kinds()).toEqual([]);
    maxAge = { max_age: '48h' };
    for (const _ of [1, 2]) look(well);
    expect(events()).toMatchObject([{ event: 'proof', reason: 'no backup was proven yet' }]);
    put('proofs.jsonl', proof(Date.now() - 3_600_000) + proof(Date.now(), false));
    for (const _ of [1, 2]) look(well);
    expect(kinds()).toEqual(['proof', 'proof-over']);
    // Of dumps where one was ever tried.
    mkdirSync(at('data'));
    put('data/proofs.jsonl', proof(Date.now(), false));
    for (const _ of [1, 2]) look(well);
    expect(events().at(-1)).toMatchObject({ event: 'proof', reason: 'no dump was proven yet' });
    put('data/proofs.jsonl', proof(Date.now()));
    for (const _ of [1, 2]) look(well);
    expect(kinds()).toEqual(['proof', 'proof-over', 'proof', 'proof-over']);
    put('proofs.jsonl', proof(Date.now() - 200_000_000) + proof(Date.now(), false));
    for (const _ of [1, 2]) look(well);
    expect(events().at(-1)).toMatchObject({
      event: 'proof',
      reason: expect.stringMatching(/^the last backup was proven \d{4}-\d\d-\d\d \d\d:\d\d UTC$/) as string,
    });
    maxAge = {};
  });

  it('does not look while a run is under way, or nothing is live', () => {
    look(down);
    put('transaction', '');
    look(down);
    rmSync(at('transaction'));
    const held = `flock -x 9; ${variables({ app, base, user: 'me' })}${watchProgram({ app: { name: app } as never, watch: { every: 60, disk: 90, heal: 'never' }, prove: {} })}`;
    runIn(shell, `exec 9>>"${base}/lock"; ${held}`, { env: { PATH: bin } });
    expect(events()).toEqual([]);
    look(down);
    expect(kinds()).toEqual(['down']);
    rmSync(at('current'));
    const before = read('watch/state');
    look(down);
    expect(read('watch/state')).toBe(before);
  });

  it('restarts what is sick in two looks, three times an hour, each time told', () => {
    const sick = [{ service: 'web', health: 'unhealthy' }, { service: 'db' }];
    const healing = { heal: 'restart' };
    look(sick, healing);
    expect(existsSync(at('watch/heal'))).toBe(false);
    for (let n = 1; n <= 5; n++) {
      look(sick, healing);
      if (existsSync(at('watch/heal'))) heal();
    }
    expect(read('restarted').trim().split('\n')).toEqual(['shop-web-1', 'shop-web-1', 'shop-web-1']);
    expect(
      events()
        .filter(({ event }) => event === 'healed')
        .map(({ service, count, reason }) => [service, count, reason]),
    ).toEqual([
      ['web', 1, 'web was unhealthy; restart 1 of 3 within the hour'],
      ['web', 2, 'web was unhealthy; restart 2 of 3 within the hour'],
      ['web', 3, 'web was unhealthy; restart 3 of 3 within the hour'],
    ]);
    expect(kinds().filter((kind) => kind === 'unhealthy')).toHaveLength(1);
  });

  it('restarts nothing while somebody has the lock, and nothing that is well again or was stopped', () => {
    put('watch/heal', 'web shop-web-1\n');
    put('inspect', `${line({ service: 'web', health: 'unhealthy' })}\n`);
    runIn(
      shell,
      `exec 9>>"${base}/lock"; flock -x 9; echo '{"who":"Ann"}' >"${base}/holder"; exec 8>&-; ${variables({ app, base, user: 'me' })}( exec 9>&-; ${healProgram()} ); true`,
      { env: { PATH: bin } },
    );
    expect(read('restarted')).toBe('');
    expect(existsSync(at('watch/heal'))).toBe(false);
    rmSync(at('holder'));
    put('watch/heal', 'web shop-web-1\n');
    put('inspect', `${line({ service: 'web', health: 'healthy' })}\n`);
    heal();
    put('watch/heal', 'web shop-web-1\n');
    put('stopped', 'web\n');
    put('inspect', `${line({ service: 'web', state: 'exited' })}\n`);
    heal();
    expect(read('restarted')).toBe('');
    expect(existsSync(at('holder'))).toBe(false);
    rmSync(at('stopped'));
    put('stuck', 'yes');
    put('watch/heal', 'web shop-web-1\n');
    heal();
    expect(events().at(-1)).toMatchObject({ event: 'healed', failed: 'Error response from daemon: "stuck"' });
  });
});
