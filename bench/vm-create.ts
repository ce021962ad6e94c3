/** How much of `vm:create` is zebu's own: wall time without the tasks of Proxmox and the boot of the guest. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configuration, inLab, resultOf, zebu } from './lab.ts';

const AIM_SECONDS = 5;

interface Task {
  readonly type: string;
  readonly id: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface Measured {
  readonly wall: number;
  readonly tasks: number;
  readonly boot: number;
  /** Milliseconds of each request. */
  readonly requests: readonly number[];
  /** What zebu itself says of its steps, slowest first. */
  readonly steps: readonly string[];
}

/** What tells that a guest has booted: cloud-init's result, the SSH daemon, the Docker engine. */
const BOOTED = ['/run/cloud-init/result.json', '/run/sshd.pid', '/run/docker.pid'];

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Seconds of a `vm:create` that are neither a task of Proxmox nor the boot of the guest. */
export const own = ({ wall, tasks, boot }: Measured): number => wall - tasks - boot;

/** Makes the VM of the folder's zebu.yml, and takes it away again; by the build of another checkout if one is named. */
export function measureCreate(cwd: string, labState: string, checkout?: string): Measured {
  const { stdout, stderr, seconds: wall } = zebu(['vm:create', '--json', '--debug'], cwd, checkout);
  const { vmid } = resultOf<{ vmid: number }>(stdout);
  const { tasks } = JSON.parse(readFileSync(join(labState, 'state.json'), 'utf8')) as { tasks: Task[] };
  const own = tasks.filter(
    (task) => (task.id === String(vmid) && task.type !== 'qmdestroy') || task.type === 'download',
  );
  // Ids are used again: of each type only the newest is of this run.
  const newest = [...new Map(own.toReversed().map((task) => [task.type, task])).values()];
  const started = newest.find((task) => task.type === 'qmstart')?.endedAt ?? Number.NaN;
  const stamps = zebu(['vm:ssh', '--json', '--', 'stat', '-L', '-c', '%.Y', ...BOOTED], cwd, checkout);
  const booted = Math.max(...resultOf<{ stdout: string }>(stamps.stdout).stdout.trim().split('\n').map(Number)) * 1000;
  const requests = [...stderr.matchAll(/^debug: [A-Z]+ \S+ (?:ok|failed) (\d+) ms$/gm)].map(([, ms]) => Number(ms));
  const steps = [...stderr.matchAll(/^- (.*)\n(?:(?!- ).*\n)*? {2}ok.*\(([\d.]+) s\)$/gm)]
    .toSorted(([, , a], [, , b]) => Number(b) - Number(a))
    .map(([, title, seconds]) => `${seconds} s ${title}`);
  zebu(['vm:destroy', '--yes'], cwd, checkout);
  return {
    wall,
    tasks: newest.reduce((sum, task) => sum + (task.endedAt - task.startedAt), 0) / 1000,
    boot: Math.max(0, booted - started) / 1000,
    requests,
    steps,
  };
}

/** @param rounds of each transport; one before them fetches the image, which a run downloads once and for all */
export function benchVmCreate(rounds: number): Promise<void> {
  return inLab((lab, cwd, labState) => {
    console.log(`\nvm:create on a namespace guest, best of ${rounds}: wall = tasks of Proxmox + boot + zebu's own`);
    for (const transport of ['api', 'ssh'] as const) {
      writeFileSync(join(cwd, 'zebu.yml'), configuration(lab, transport));
      if (transport === 'api') measureCreate(cwd, labState);
      const runs = Array.from({ length: rounds }, () => measureCreate(cwd, labState));
      const best = runs.reduce((a, b) => (own(a) <= own(b) ? a : b));
      const show = (seconds: number): string => `${seconds.toFixed(1)} s`;
      console.log(
        `${transport.padEnd(4)} wall ${show(best.wall)}  tasks ${show(best.tasks)}  boot ${show(best.boot)}  own ${show(own(best))}` +
          `  aim <= ${AIM_SECONDS} s  ${own(best) <= AIM_SECONDS ? 'met' : 'MISSED'}` +
          `  ${best.requests.length} requests, ${sum(best.requests).toFixed(0)} ms of waiting for their answers`,
      );
      for (const step of best.steps.slice(0, 4)) console.log(`       ${step}`);
    }
  });
}
