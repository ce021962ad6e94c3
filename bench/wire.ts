/**
 * What a deploy costs over a line: round trips, by the seconds that a known delay adds to a deploy of the same commit; and
 * bytes, of one changed file in a large repository, against those of `git push`.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inApp, timed, type App } from './app.ts';
import { median } from './spent.ts';
import { openRelay } from './relay.ts';

const ROUND_TRIP_MS = 20;
const AIM_ROUND_TRIPS = 10;
const AIM_BYTES = 1.2;
const FILES = 20_000;

/** Flags with which zebu finds the VM at the relay: where it was the last time. */
function through(app: App, port: number): readonly string[] {
  const folder = join(app.cwd, 'state/last');
  const [name = ''] = readdirSync(folder);
  const note = JSON.parse(readFileSync(join(folder, name), 'utf8')) as object;
  writeFileSync(join(folder, name), JSON.stringify({ ...note, host: '127.0.0.1' }));
  return ['--set', `vm.ssh_port=${port}`];
}

async function roundTrips(app: App, tag: string, rounds: number): Promise<void> {
  const near = await openRelay(app.ip, 22, 0);
  const far = await openRelay(app.ip, 22, ROUND_TRIP_MS / 2);
  const added: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const seconds: number[] = [];
    for (const { port } of [near, far]) {
      const flags = through(app, port);
      seconds.push(await timed(() => app.byZebu(tag, ...flags)));
    }
    added.push(((seconds[1] ?? 0) - (seconds[0] ?? 0)) * 1000);
  }
  await near.close();
  await far.close();
  const trips = median(added) / ROUND_TRIP_MS;
  console.log(
    `The same commit again with ${ROUND_TRIP_MS} ms a round trip: ${median(added).toFixed(0)} ms longer, ${trips.toFixed(1)} round trips` +
      `  aim <= ${AIM_ROUND_TRIPS}  ${trips <= AIM_ROUND_TRIPS ? 'met' : 'MISSED'}`,
  );
}

/** So many files that what is sent must not depend on how many there are. */
function makeLarge(app: App): void {
  for (let n = 0; n < FILES; n++) {
    const folder = join(app.cwd, 'many', String(Math.floor(n / 1000)), String(Math.floor(n / 50)));
    if (n % 50 === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${n}.txt`), `file ${n}\n${'x'.repeat(n % 97)}\n`);
  }
}

async function bytes(app: App): Promise<void> {
  const relay = await openRelay(app.ip, 22, 0);
  makeLarge(app);
  app.byZebu(app.release());
  app.git('push', '-q', 'vm', 'HEAD:refs/heads/main');
  const change = (): string => {
    writeFileSync(join(app.cwd, 'many/7/150/7500.txt'), `changed ${Math.random()}\n`);
    return app.release();
  };
  const tag = change();
  relay.passed();
  app.byZebu(tag, ...through(app, relay.port));
  const own = relay.passed();
  app.pushThrough('127.0.0.1', relay.port);
  const pushed = relay.passed();
  await relay.close();
  const ratio = own.sent / pushed.sent;
  console.log(
    `One of ${FILES} files changed: zebu sends ${own.sent} bytes and receives ${own.received}; git push sends ${pushed.sent}` +
      ` and receives ${pushed.received}  ${ratio.toFixed(2)}x  aim <= ${AIM_BYTES}x  ${ratio <= AIM_BYTES ? 'met' : 'MISSED'}`,
  );
}

/** @param rounds of the deploys that are timed */
export function benchWire(rounds: number): Promise<void> {
  return inApp(async (app) => {
    console.log('\nA deploy over a line');
    await roundTrips(app, 'v1', rounds);
    await bytes(app);
  });
}
