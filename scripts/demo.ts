/**
 * The main job, for real, on this machine: a lab node, a VM made by zebu, a tagged app deployed into it, fetched from
 * outside the VM, then a second tag, one that does not start and is undone, and a rollback. Leaves the lab running; run it
 * again and it goes on from there. With --fast the VM is a guest in namespaces instead of a booted machine.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeShopRepository, type DemoLab } from './demo-repository.ts';

const { values } = parseArgs({ options: { fast: { type: 'boolean', default: false } } });
const root = fileURLToPath(new URL('..', import.meta.url));
const started = Date.now();
// A guest in namespaces shares the kernel of this machine: up in seconds, and no machine of its own.
const LAB = values.fast ? 'demo-fast' : 'demo';
const folder = `${root}.zebu/${LAB}/shop`;

const elapsed = (): string => `${Math.round((Date.now() - started) / 1000)} s`;

function title(text: string): void {
  console.log(`\n\u001b[1m== ${text}\u001b[0m  (${elapsed()})`);
}

function stop(what: string): never {
  console.error(`\nThe demo stopped at: ${what} (after ${elapsed()}).`);
  const again = `npm run demo${values.fast ? ' -- --fast' : ''}`;
  console.error(
    `Run it again, and it goes on from there: ${again}. Where something did not answer in time, this machine is slow:`,
  );
  console.error(
    values.fast
      ? 'wait until it has less to do.'
      : 'without KVM the VM is emulated. `npm run demo -- --fast` has a guest that needs no emulation.',
  );
  console.error(
    `The lab, if it came up, is still there: \`npx zebu lab:status --name ${LAB}\`, \`npx zebu lab:down --name ${LAB}\`.`,
  );
  process.exit(1);
}

/** Runs zebu as a person would, in view; stops the demo when it ends otherwise than expected. */
function zebu(args: readonly string[], cwd = folder, expected = 0): void {
  console.log(`$ zebu ${args.join(' ')}`);
  const { status } = spawnSync(process.execPath, [`${root}bin/run.js`, ...args], {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== expected) stop(`zebu ${args.join(' ')} (exit status ${status ?? 'none'})`);
  if (expected !== 0) console.log(`exit status ${expected}`);
}

/** Runs zebu with --json and returns its result. */
function ask<Result>(args: readonly string[], cwd = folder): Result {
  console.log(`$ zebu ${args.join(' ')} --json`);
  const { status, stdout } = spawnSync(process.execPath, [`${root}bin/run.js`, ...args, '--json'], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) stop(`zebu ${args.join(' ')} --json: ${stdout}`);
  return (JSON.parse(stdout) as { result: Result }).result;
}

async function fetchPage(url: string): Promise<void> {
  console.log(`$ curl ${url}`);
  const response = await fetch(url, { signal: AbortSignal.timeout(60_000) });
  const body = await response.text();
  console.log(`HTTP ${response.status}\n${body.trimEnd()}`);
  if (!response.ok) stop(`the app answered ${response.status}`);
}

interface Status {
  readonly healthy: boolean;
}

title('A Proxmox-compatible node on this machine');
zebu(['lab:up', '--name', LAB, ...(values.fast ? ['--guests', 'namespace'] : [])], root);
const lab = ask<DemoLab>(['lab:status', '--name', LAB], root);

title('A git repository with an app, tagged v1.0.0, v1.1.0 and v1.2.0');
makeShopRepository(folder, lab);
console.log(`${existsSync(`${folder}/zebu.yml`) ? folder : stop('making the repository')}`);

title('A virtual machine for it: zebu vm:create');
zebu(['vm:create']);
const { ip } = ask<{ ip: string }>(['vm:status']);

title('Deploy v1.0.0');
zebu(['app:deploy', '--tag', 'v1.0.0']);
await fetchPage(`http://${ip}:8080/`);

title('Is it up? What does it say?');
const status = ask<Status>(['app:status']);
if (!status.healthy) stop('app:status --json says the app is not healthy');
zebu(['app:status']);
zebu(['app:logs', '--tail', '5']);

title('Deploy v1.1.0');
zebu(['app:deploy', '--tag', 'v1.1.0']);
await fetchPage(`http://${ip}:8080/`);

title('Deploy v1.2.0, which has a typing error: its server does not start');
zebu(['app:deploy', '--tag', 'v1.2.0'], folder, 7);
console.log('v1.1.0 was restored, and its page is there as before:');
await fetchPage(`http://${ip}:8080/`);

title('Back to v1.0.0, without a build');
zebu(['app:rollback', 'v1.0.0']);
await fetchPage(`http://${ip}:8080/`);
zebu(['app:releases']);

title('Done');
console.log(`The lab is still up. Go on:

  cd ${relative(process.cwd(), folder)}
  npx zebu app:status
  npx zebu app:logs --follow
  npx zebu vm:create               # again: no change
  npx zebu vm:ssh
  npx zebu app:status --env api    # the same over Proxmox's REST API
  curl http://${ip}:8080/

Take it down, leaving nothing but the cached image:

  npx zebu lab:down --name ${LAB}

On a Proxmox host of your own, in a repository of your own (see README.md):

  npm install -g "$(npm run -s pack)"
  zebu init --host pve
  zebu up
`);
