/** Whether commands stay quick and small: a long history, many services, and a service that never stops talking. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inApp, inVm, type App } from './app.ts';

const RELEASES = 1000;
const SERVICES = 50;
const LOG_SECONDS = 10;
const AIM_MB = 150;
/** Of what `docker compose logs` over ssh brings of the same service. */
const AIM_SHARE = 0.8;

const cli = fileURLToPath(new URL('../bin/run.js', import.meta.url));

interface Measured {
  readonly seconds: number;
  /** The most memory it had at once. */
  readonly peakMb: number;
  /** On standard output. */
  readonly lines: number;
}

/** @param stopAfter seconds after which it is interrupted as by Ctrl-C */
function measure(args: readonly string[], cwd: string, stopAfter?: number): Promise<Measured> {
  const started = performance.now();
  const child = spawn(process.execPath, [cli, ...args], {
    cwd,
    env: { ...process.env, ZEBU_STATE_DIR: join(cwd, 'state') },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let [peakKb, lines] = [0, 0];
  child.stdout.on('data', (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 10) lines++;
  });
  const watch = setInterval(() => {
    try {
      const [, kb = '0'] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8')) ?? [];
      peakKb = Math.max(peakKb, Number(kb));
    } catch {
      // It has ended between two looks.
    }
  }, 20);
  const stop = stopAfter === undefined ? undefined : setTimeout(() => child.kill('SIGINT'), stopAfter * 1000);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearInterval(watch);
      clearTimeout(stop);
      if (code !== 0 && stopAfter === undefined) reject(new Error(`zebu ${args.join(' ')} ended with ${code}`));
      else resolve({ seconds: (performance.now() - started) / 1000, peakMb: peakKb / 1024, lines });
    });
  });
}

async function show(app: App, what: string, args: readonly string[]): Promise<void> {
  const { seconds, peakMb } = await measure(args, app.cwd);
  console.log(
    `${what.padEnd(44)} ${seconds.toFixed(1)} s  ${peakMb.toFixed(0)} MB  aim <= ${AIM_MB} MB  ${peakMb <= AIM_MB ? 'met' : 'MISSED'}`,
  );
}

async function longHistory(app: App): Promise<void> {
  await show(app, 'app:releases, a short history', ['app:releases']);
  await show(app, 'app:status', ['app:status']);
  inVm(app, `releases=${RELEASES}\n${readFileSync(new URL('long-history.sh', import.meta.url), 'utf8')}`);
  await show(app, `app:releases, ${RELEASES} of them`, ['app:releases', '--json']);
  await show(app, 'app:status', ['app:status']);
  await show(app, 'app:deploy of the same commit', ['app:deploy', '--tag', 'v1']);
}

async function manyServices(app: App): Promise<void> {
  const one = (name: string): string =>
    `  ${name}: { image: bench-many, build: ., init: true, stop_grace_period: 1s, command: [/bin/busybox, sleep, "1000000"] }\n`;
  const names = Array.from({ length: SERVICES }, (_, n) => `s${n}`);
  writeFileSync(join(app.cwd, 'compose.yml'), `services:\n${names.map(one).join('')}`);
  const tag = app.release();
  const flags = ['--set', 'deploy.stability=1', '--set', 'deploy.timeout=600'];
  await show(app, `app:deploy, ${SERVICES} services`, ['app:deploy', '--tag', tag, ...flags]);
  await show(app, 'app:deploy of the same commit', ['app:deploy', '--tag', tag, ...flags]);
  await show(app, 'app:status', ['app:status']);
  await show(app, 'app:logs', ['app:logs']);
}

async function loud(app: App): Promise<void> {
  writeFileSync(
    join(app.cwd, 'compose.yml'),
    `services:
  loud:
    build: .
    init: true
    stop_grace_period: 1s
    command: [/bin/busybox, "yes", "a line of a service that never stops talking"]
`,
  );
  const tag = app.release();
  await show(app, 'app:deploy of a loud service', ['app:deploy', '--tag', tag, '--set', 'deploy.stability=1']);
  const floor = await byHand(app);
  const { peakMb, lines } = await measure(['app:logs', '--follow', '--tail', '0'], app.cwd, LOG_SECONDS);
  const [bare, rate] = [floor / LOG_SECONDS, lines / LOG_SECONDS];
  console.log(`${'ssh docker compose logs --follow'.padEnd(44)} ${bare.toFixed(0)} lines/s  1.00x`);
  console.log(
    `${'app:logs --follow'.padEnd(44)} ${rate.toFixed(0)} lines/s  ${(rate / bare).toFixed(2)}x  aim >= ${AIM_SHARE}x  ${rate / bare >= AIM_SHARE ? 'met' : 'MISSED'}` +
      `, ${peakMb.toFixed(0)} MB  aim <= ${AIM_MB} MB  ${peakMb <= AIM_MB ? 'met' : 'MISSED'}`,
  );
}

/** Lines that come through the shared connection without zebu. */
function byHand(app: App): Promise<number> {
  const [program = '', ...args] = app.ssh;
  const logs = `timeout ${LOG_SECONDS} docker compose -p bench logs --follow --tail 0 --no-color`;
  const child = spawn(program, [...args, logs], { stdio: ['ignore', 'pipe', 'ignore'] });
  let lines = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 10) lines++;
  });
  return new Promise((resolve, reject) => child.once('error', reject).once('close', () => resolve(lines)));
}

export function benchScale(): Promise<void> {
  return inApp(async (app) => {
    console.log('\nLarge things: seconds, and the most memory of the client');
    await longHistory(app);
    await manyServices(app);
    await loud(app);
  });
}
