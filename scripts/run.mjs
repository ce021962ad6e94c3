// Entry of `npm test`, `npm run demo` and `npm run bench` on a machine that has nothing yet: installs the packages and
// builds when that is due, then runs scripts/<name>.ts with the project's own Node. Readable by any Node since 18.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { clearInterval, setInterval } from 'node:timers';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = `${root}node_modules/node/bin/node`;
const installed = `${root}node_modules/.zebu-lock-sha256`;
const [task, ...args] = process.argv.slice(2);

/** Without a terminal a line comes this often, so that nobody takes it for dead. */
const SILENT_MS = 10_000;

async function run(what, command, commandArgs, options = {}) {
  const started = Date.now();
  const live = process.stderr.isTTY === true;
  const since = () => `==> ${what}: ${Math.round((Date.now() - started) / 1000)} s`;
  console.error(`==> ${what}`);
  const child = spawn(command, commandArgs, { cwd: root, stdio: 'inherit', ...options });
  const tick = setInterval(
    () => {
      if (live) process.stderr.write(`\r\u001B[K${since().slice(0, (process.stderr.columns ?? 80) - 1)}\r`);
      else console.error(since());
    },
    live ? 1000 : SILENT_MS,
  );
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  }).finally(() => clearInterval(tick));
  if (live) process.stderr.write('\r\u001B[K');
  if (status !== 0) {
    console.error(`==> failed: ${what} (exit status ${status})`);
    process.exit(status ?? 1);
  }
  console.error(`==> done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

const lockSum = createHash('sha256')
  .update(readFileSync(`${root}package-lock.json`))
  .digest('hex');
const upToDate = existsSync(installed) && existsSync(node) && readFileSync(installed, 'utf8') === lockSum;
const ahead = upToDate ? undefined : packagesAhead();
if (!upToDate) {
  // Of the packages with install scripts only `node` needs its own: it fetches the runtime. What the others would compile
  // is optional, and takes longer than all the rest.
  await run('Installing the packages of package-lock.json (npm ci)', 'npm', [
    'ci',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-progress',
    '--loglevel=error',
  ]);
  await run('Fetching the Node that the packages pin', 'npm', ['rebuild', 'node', '--loglevel=error']);
  writeFileSync(installed, lockSum);
}

// `npx zebu` anywhere below this folder means this checkout.
const link = `${root}node_modules/.bin/zebu`;
if (!existsSync(link)) {
  rmSync(link, { force: true });
  mkdirSync(`${root}node_modules/.bin`, { recursive: true });
  symlinkSync('../../bin/run.js', link);
}

// The old Node of the machine must not be what the tools below run on.
const env = { ...process.env, PATH: `${root}node_modules/node/bin:${root}node_modules/.bin:${process.env.PATH}` };
const built = ['dist/lib/cli/main.js', 'plugins/lab/oclif.manifest.json'].every((file) => existsSync(root + file));
if (ahead) await ahead.then(imageAhead);
if (!built || task === 'setup' || isStale()) {
  await run('Building zebu and its plugins', node, ['scripts/build.ts'], { env });
}
if (task !== 'setup') {
  const child = spawn(node, [`scripts/${task}.ts`, ...args], { cwd: root, stdio: 'inherit', env });
  // A terminal's Ctrl-C reaches it by itself, and what it then puts in order is waited for.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (status, signal) => process.exit(status ?? (signal === 'SIGINT' ? 130 : 1)));
}

/**
 * On a bare machine: what the lab and the tests need of Debian is installed beside npm's packages. Whatever becomes of it is no
 * matter here, for both look themselves, and say what is missing and why.
 * @returns when it has ended, if there is anything to do
 */
function packagesAhead() {
  const lists = [
    'plugins/lab/src/image/host-packages.json',
    ...(task === 'test' ? ['test/support/host-packages.json'] : []),
  ];
  const packages = lists.flatMap((list) => JSON.parse(readFileSync(root + list, 'utf8')));
  const missing = packages.filter(({ proof }) => !existsSync(proof)).map(({ name }) => name);
  const possible = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (!['demo', 'test'].includes(task) || missing.length === 0 || !possible) return undefined;
  console.error(`==> Beside it: installing Debian packages (${missing.join(', ')})`);
  const child = spawn('sh', ['plugins/lab/src/image/install-packages.sh', ...missing], { cwd: root, stdio: 'ignore' });
  return new Promise((resolve) => void child.once('error', resolve).once('exit', resolve));
}

/** Then the image of the lab's guests, beside the build: who needs it waits for it, by the lock of the cache. */
function imageAhead() {
  console.error('==> Beside it: building the image of the lab’s guests');
  const child = spawn(node, ['scripts/guest-image.ts'], { cwd: root, stdio: 'ignore', env });
  process.on('exit', () => child.kill());
  child.unref();
}

/** A source newer than the build's stamp. Asked through git's list of files, so that nothing else is looked at. */
function isStale() {
  const stamp = statSync(`${root}dist/.stamp`, { throwIfNoEntry: false });
  if (!stamp) return true;
  const { stdout } = spawnSync(
    'git',
    ['ls-files', '-co', '--exclude-standard', 'src', 'plugins', 'scripts', 'package.json'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  return (stdout ?? '')
    .split('\n')
    .filter((file) => file !== '')
    .some((file) => (statSync(root + file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > stamp.mtimeMs);
}
