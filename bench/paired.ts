/**
 * This build beside that of another checkout, in turn, on the same machine in the same minutes: what a change of the code costs
 * those who use it. Each has a folder, a repository and a VM of its own on one node of the lab, which is this checkout's.
 */
import { copyFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabReport } from '../plugins/lab/src/instance/results.ts';
import { FILES, HOOK, run, timed } from './app.ts';
import { median } from './spent.ts';
import { configuration, inLab, zebu } from './lab.ts';
import { measureCreate, own } from './vm-create.ts';

interface Build {
  readonly name: 'this' | 'other';
  readonly checkout: string;
  readonly cwd: string;
}

/** A folder with the app of the benchmarks, under a name of its own so that both have a VM on the node. */
function folder(lab: LabReport, parent: string, name: Build['name'], checkout: string): Build {
  const cwd = join(parent, name);
  mkdirSync(dirname(join(cwd, HOOK)), { recursive: true });
  for (const [file, text] of Object.entries(FILES)) writeFileSync(join(cwd, file), text);
  copyFileSync(new URL('pre-build.sh', import.meta.url), join(cwd, HOOK));
  chmodSync(join(cwd, HOOK), 0o755);
  writeFileSync(join(cwd, 'zebu.yml'), configuration(lab, 'ssh', { app: { name: `bench-${name}` } }));
  for (const half of ['id_ed25519', 'id_ed25519.pub']) copyFileSync(join(parent, half), join(cwd, half));
  chmodSync(join(cwd, 'id_ed25519'), 0o600);
  run('git', ['init', '-q', '-b', 'main'], cwd);
  return { name, checkout, cwd };
}

function release({ cwd }: Build, tag: string): void {
  mkdirSync(join(cwd, 'www'), { recursive: true });
  writeFileSync(join(cwd, 'www/index.html'), `${tag}\n`);
  run('git', ['add', '-A'], cwd);
  run('git', ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.org', 'commit', '-q', '-m', tag], cwd);
  run('git', ['tag', tag], cwd);
}

/** Both in turn; who comes first has the colder caches, so each is first every other time. */
async function inTurn(
  builds: readonly Build[],
  rounds: number,
  measure: (build: Build, round: number) => Promise<number> | number,
): Promise<Record<Build['name'], number[]>> {
  const seconds: Record<Build['name'], number[]> = { this: [], other: [] };
  for (let round = 0; round < rounds; round++) {
    for (const build of round % 2 === 0 ? builds : builds.toReversed())
      seconds[build.name].push(await measure(build, round));
  }
  return seconds;
}

function print(name: string, { this: here, other }: Record<Build['name'], number[]>): void {
  const show = (values: readonly number[]): string =>
    `${median(values).toFixed(2)} s (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`;
  const ratios = here.map((value, round) => value / (other[round] ?? Number.NaN));
  console.log(
    `${name.padEnd(28)} other ${show(other)}  this ${show(here)}  ${median(ratios).toFixed(2)}x, median of the rounds`,
  );
}

/**
 * @param other a checkout of zebu that is built
 * @param rounds of each command by each build
 */
export function benchPaired(other: string, rounds: number): Promise<void> {
  return inLab(async (lab, parent, labState) => {
    const here = fileURLToPath(new URL('..', import.meta.url));
    const builds = [folder(lab, parent, 'this', here), folder(lab, parent, 'other', resolve(other))];
    console.log(`\nThis build beside that of ${resolve(other)}, ${rounds} rounds in turn`);
    const start = (build: Build): Promise<number> =>
      timed(() => void spawnSync(process.execPath, [join(build.checkout, 'bin/run.js'), '--help'], { cwd: build.cwd }));
    print('--help', await inTurn(builds, rounds * 3, start));

    // The first fetches the image, which the node then has.
    measureCreate(builds[0]?.cwd ?? parent, labState, here);
    print(
      "vm:create (zebu's own)",
      await inTurn(builds, rounds, ({ cwd, checkout }) => own(measureCreate(cwd, labState, checkout))),
    );

    for (const build of builds) {
      zebu(['vm:create'], build.cwd, build.checkout);
      release(build, 'v0');
      zebu(['app:deploy', '--tag', 'v0'], build.cwd, build.checkout);
    }
    print(
      'app:deploy, a changed file',
      await inTurn(builds, rounds, (build, round) => {
        const tag = `v${round + 1}`;
        release(build, tag);
        return timed(() => void zebu(['app:deploy', '--tag', tag], build.cwd, build.checkout));
      }),
    );
    const last = `v${rounds}`;
    print(
      'app:deploy, nothing changed',
      await inTurn(builds, rounds, (build) =>
        timed(() => void zebu(['app:deploy', '--tag', last], build.cwd, build.checkout)),
      ),
    );
    print(
      'app:status',
      await inTurn(builds, rounds, (build) => timed(() => void zebu(['app:status'], build.cwd, build.checkout))),
    );
    for (const build of builds) zebu(['vm:destroy', '--yes'], build.cwd, build.checkout);
  });
}
