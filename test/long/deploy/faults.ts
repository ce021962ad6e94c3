import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppStatus } from '../../../src/lib/app-folder/results.js';
import { ROOT } from '../../support/cli.js';
import type { Shell } from '../../support/guest-shell.js';
import type { Project } from '../../support/project.js';

/** Journalled steps of a deploy, in order, and what is before them. `+`: a moment after the step began instead of at its beginning. */
export const STEPS = [
  'before',
  'check',
  'hook',
  'build',
  'build+',
  'release-command',
  'start-up',
  'start-up+',
  'verify',
  'in-force',
  'probe',
  'commit',
  'prune',
] as const;
export type StepName = (typeof STEPS)[number];

export const FAULTS = [
  'client killed',
  'connection cut',
  'runner killed',
  'runner and watcher killed',
  'dockerd killed',
  'VM powered off',
  'disk full',
  'clock a day ahead',
  'clock a day back',
  'git object damaged',
] as const;
export type Fault = (typeof FAULTS)[number];

/** What may happen where: nobody deploys before, and no step but the first reads git objects. */
export function happens(step: StepName, fault: Fault): boolean {
  if (step === 'before') return fault === 'disk full' || fault.startsWith('clock') || fault === 'git object damaged';
  return fault !== 'git object damaged';
}

export interface Bench {
  readonly project: Project;
  readonly guest: Shell;
  readonly host: Shell;
  readonly vmid: number;
  readonly address: string;
}

const folder = ({ project }: Bench): string => `/opt/zebu/${project.app}`;

/** A client that is watched from outside; its exit status once it has ended. */
export interface Client {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
}

export function startDeploy({ project }: Bench, tag: string): Client {
  const process_ = spawn(process.execPath, [`${ROOT}bin/run.js`, 'app:deploy', '--tag', tag, '--json'], {
    cwd: project.folder,
    env: { ...process.env, ...project.env, CI: undefined, GITHUB_ACTIONS: undefined },
    stdio: 'ignore',
  });
  return { process: process_, ended: new Promise((resolve) => process_.once('close', (code) => resolve(code))) };
}

/** The step at which the runner stands still. */
export function pauseAt(bench: Bench, step: StepName): void {
  bench.guest.run(`echo ${step.replace('+', '')} >${folder(bench)}/pause-at`);
}

function goOn(bench: Bench): void {
  bench.guest.run(`rm -f ${folder(bench)}/pause-at`);
}

/** Waits until the newest journal says that it stands still. */
export async function paused(bench: Bench, client: Client): Promise<void> {
  const line = `for n in $(seq 300); do tail -n 1 "$(ls -1 ${folder(bench)}/journals/* | sort | tail -n 1)" | grep -q pause-at && exit 0; sleep 0.2; done; exit 1`;
  const early = client.ended.then((code) => {
    throw new Error(`the deploy ended with ${code ?? 'a signal'} before the step`);
  });
  early.catch(() => {});
  await Promise.race([Promise.resolve().then(() => bench.guest.run(line)), early]);
}

const FILL = '/opt/zebu/fill';

/** Seconds by which the clock of the guest is wrong. */
const CLOCK = '/run/zebu-clock-ahead';

/**
 * The guest has the clock of the machine, which is not set for a test. So every program that asks for the time there asks a
 * stand-in, which can be set; Docker's daemon goes on with the right one.
 */
export function ownClock({ guest }: Bench): void {
  guest.run(
    `printf '#!/bin/sh\nexec /bin/date -d "$(cat ${CLOCK} 2>/dev/null || echo 0) seconds" "$@"\n' | sudo tee /usr/local/bin/date >/dev/null && sudo chmod 755 /usr/local/bin/date`,
  );
  const [real = 0, own = 0] = guest
    .run(`echo 86400 | sudo tee ${CLOCK} >/dev/null; /bin/date +%s; date +%s; sudo rm ${CLOCK}`)
    .trim()
    .split('\n')
    .map(Number);
  if (Math.abs(own - real - 86_400) > 60) throw new Error('the clock of the guest cannot be set');
}

/** Makes every object of the live commit unreadable, as a power cut may leave it. */
const DAMAGE = (base: string): string =>
  `for each in $(find ${base}/repo.git/objects -type f ! -path '*/info/*'); do chmod u+w $each; case $each in *.idx) ;; *) : >$each ;; esac; done`;

/** Lets it happen, and goes on. */
export async function inject(bench: Bench, fault: Fault, step: StepName, client: Client | undefined): Promise<void> {
  const late = step.endsWith('+');
  if (late) {
    goOn(bench);
    await sleep(400);
  }
  const { guest, host, vmid } = bench;
  const base = folder(bench);
  switch (fault) {
    case 'client killed':
      client?.process.kill('SIGKILL');
      break;
    case 'connection cut':
      // The sshd of whoever shows the journal.
      guest.run(
        `for tail in $(pgrep -x tail); do sudo kill -9 $(ps -o ppid= -p $(ps -o ppid= -p $tail)) $(ps -o ppid= -p $tail); done; true`,
      );
      break;
    case 'runner killed':
      guest.run(`kill -9 $(cat ${base}/worker)`);
      break;
    case 'runner and watcher killed':
      guest.run(`kill -9 $(cat ${base}/watcher) $(cat ${base}/worker)`);
      break;
    case 'dockerd killed':
      guest.run('sudo kill -9 $(cat /run/docker.pid)');
      break;
    case 'VM powered off':
      host.run(`qm stop ${vmid}`);
      host.run(`qm start ${vmid}`);
      await reachable(bench);
      break;
    case 'disk full':
      // Somebody else may take or give back some meanwhile; what is left is filled until nothing is.
      guest.run(
        `sudo fallocate -l $(df --output=avail -B1 /opt/zebu | tail -n 1) ${FILL}; sudo dd if=/dev/zero bs=4k status=none oflag=append conv=notrunc of=${FILL} 2>/dev/null; true`,
      );
      break;
    case 'clock a day ahead':
    case 'clock a day back':
      guest.run(`echo ${fault === 'clock a day ahead' ? 86_400 : -86_400} | sudo tee ${CLOCK} >/dev/null`);
      break;
    case 'git object damaged':
      guest.run(DAMAGE(base));
      break;
  }
  if (!late && step !== 'before') goOn(bench);
}

async function reachable({ guest }: Bench): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      guest.run('true');
      return;
    } catch (error) {
      if (attempt > 60) throw error;
      await sleep(1000);
    }
  }
}

/**
 * Once nobody works on it any more and Docker answers again. That is after the end where the engine was killed late; until then
 * a proxy that it left behind may still answer.
 *
 * @param closed the transaction is expected to be closed by what is in the VM
 */
export function settled(bench: Bench, closed: boolean): void {
  const base = folder(bench);
  const open = closed ? `[ ! -e ${base}/transaction ]` : 'true';
  bench.guest.run(
    [
      `for n in $(seq 600); do flock -ns ${base}/lock true && ${open} && break; sleep 0.2; done`,
      `sudo rm -f ${FILL} ${CLOCK}`,
      'for n in $(seq 100); do docker version >/dev/null 2>&1 && break; sleep 0.3; done',
    ].join('\n'),
  );
}

/** What the published port serves; asked until something answers. */
export async function served({ address }: Bench): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await fetch(`http://${address}:8080/version`, { signal: AbortSignal.timeout(5000) });
      if (answer.ok) return (await answer.text()).trim();
    } catch (error) {
      if (attempt > 60) throw error;
    }
    if (attempt > 60) throw new Error('nothing answers on port 8080');
    await sleep(1000);
  }
}

/** What `app:status` says, once it says healthy or a minute has passed: after a restart health checks begin anew. */
export async function healthy({ project }: Bench): Promise<AppStatus> {
  for (let attempt = 0; ; attempt++) {
    const status = await project.json<AppStatus>(['app:status']);
    if (status.healthy || attempt >= 30) return status;
    await sleep(2000);
  }
}

export const keyOf = (project: Project): string => join(project.folder, '..', 'id_ed25519');
