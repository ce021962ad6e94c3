/**
 * What a deploy of a changed file costs as the app grows: in files, in services, in releases that were before; beside the same by hand
 * on the same guest, in turn. Of large repositories zebu makes a release from one that goes: few are kept here, so that there is one.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inApp, inVm, type App } from './app.ts';
import { busy, median } from './spent.ts';

const FILES = [1000, 20_000, 100_000];
const SERVICES = [1, 20, 50];
const RELEASES = [10, 1000];
const AIM = 1.2;
const AIM_MB = 100;
/** Until a release goes, and what is made of it goes in turn. */
const WARM_UP = 4;
const FLAGS = ['--set', 'deploy.keep=2', '--set', 'deploy.stability=1', '--set', 'deploy.timeout=600'];

const cli = fileURLToPath(new URL('../bin/run.js', import.meta.url));

interface Cost {
  /** Milliseconds. */
  readonly wall: number;
  /** Milliseconds of all processors. */
  readonly cpu: number;
  /** The most memory of the client at once; 0 by hand. */
  readonly mb: number;
}

async function cost(work: () => Promise<number> | number): Promise<Cost> {
  const [before, started] = [busy(), performance.now()];
  const mb = await work();
  return { wall: performance.now() - started, cpu: busy() - before, mb };
}

/** Deploys, and says how much memory the client had at most. */
function byZebu(app: App, tag: string): Promise<number> {
  const child = spawn(process.execPath, [cli, 'app:deploy', '--tag', tag, ...FLAGS], {
    cwd: app.cwd,
    env: { ...process.env, ZEBU_STATE_DIR: join(app.cwd, 'state') },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let [said, peak] = ['', 0];
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const watch = setInterval(() => {
    try {
      const [, kb = '0'] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8')) ?? [];
      peak = Math.max(peak, Number(kb) / 1024);
    } catch {
      // It has ended between two looks.
    }
  }, 20);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearInterval(watch);
      if (code === 0) resolve(peak);
      else reject(new Error(`zebu app:deploy --tag ${tag} ended with ${code}: ${said}`));
    });
  });
}

async function row(app: App, what: string, rounds: number): Promise<void> {
  for (let turn = 0; turn < WARM_UP; turn++) await byZebu(app, app.release());
  const all: { hand: Cost; zebu: Cost }[] = [];
  for (let round = 0; round <= rounds; round++) {
    app.release();
    const hand = await cost(() => (app.byHand(), 0));
    const tag = app.release();
    all.push({ hand, zebu: await cost(() => byZebu(app, tag)) });
  }
  // The first by hand has all to write.
  const counted = all.slice(1);
  const seconds = (of: 'hand' | 'zebu'): string => (median(counted.map((each) => each[of].wall)) / 1000).toFixed(2);
  const ratio = (of: 'cpu' | 'wall'): number => median(counted.map(({ hand, zebu }) => zebu[of] / hand[of]));
  const mb = Math.max(...counted.map(({ zebu }) => zebu.mb));
  const met = ratio('wall') <= AIM && mb <= AIM_MB ? 'met' : 'MISSED';
  console.log(
    `| ${what.padEnd(22)} | ${seconds('hand').padStart(6)} s | ${seconds('zebu').padStart(6)} s | ${ratio('wall').toFixed(2)} × | ${ratio('cpu').toFixed(2)} × | ${mb.toFixed(0).padStart(3)} MB | ${met.padEnd(6)} |`,
  );
}

function writeFiles(app: App, count: number): void {
  for (let n = 0; n < count; n++) {
    const folder = join(app.cwd, `many/d${n % 20}/e${Math.floor(n / 100)}`);
    if (n % 100 < 20) mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file-${n}.txt`), `${n} ${'some text of a file that is not long, '.repeat(4)}\n`);
  }
}

function writeServices(app: App, count: number): void {
  const one = (name: string): string =>
    `  ${name}: { image: bench-many, build: ., init: true, stop_grace_period: 1s, command: [/bin/busybox, sleep, "1000000"] }\n`;
  const names = Array.from({ length: count }, (_, n) => `s${n}`);
  writeFileSync(join(app.cwd, 'compose.yml'), `services:\n${names.map(one).join('')}`);
}

/**
 * @param rounds of each, by hand and by zebu in turn
 * @param only the rows whose name has it, as in `100000 files`; all without it
 */
export async function benchGrowth(rounds: number, only = ''): Promise<void> {
  const asked = (name: string): boolean => name.includes(only);
  console.log(
    `\nA changed file as the app grows, ${rounds} rounds; medians, ratios round by round; aim <= ${AIM} × and <= ${AIM_MB} MB of the client\n\n| ${'what there is'.padEnd(22)} |  by hand |     zebu |   wall | processors | client | aim    |\n| ${'-'.repeat(22)} | -------- | -------- | ------ | ---------- | ------ | ------ |`,
  );
  await inApp(async (app) => {
    for (const count of RELEASES.filter((each) => asked(`${each} releases`))) {
      inVm(app, `releases=${count}\n${readFileSync(new URL('long-history.sh', import.meta.url), 'utf8')}`);
      await row(app, `${count} releases before`, rounds);
    }
    const compose = readFileSync(join(app.cwd, 'compose.yml'), 'utf8');
    for (const count of SERVICES.filter((each) => asked(`${each} services`))) {
      writeServices(app, count);
      await row(app, `${count} services`, rounds);
    }
    writeFileSync(join(app.cwd, 'compose.yml'), compose);
    for (const count of FILES.filter((each) => asked(`${each} files`))) {
      rmSync(join(app.cwd, 'many'), { recursive: true, force: true });
      writeFiles(app, count);
      await row(app, `${count} files`, rounds);
    }
  });
}
