/**
 * `npm run bench [NAME…]`: all benchmarks, or those that are named. Figures are ratios against a floor measured in the
 * same run, or shares of it; a figure that misses its aim says so and fails nothing, a benchmark that breaks does.
 */
import { cpus } from 'node:os';
import { benchDeploy } from '../bench/deploy.ts';
import { benchStartUp } from '../bench/start-up.ts';
import { benchVmCreate } from '../bench/vm-create.ts';

const BENCHMARKS: Readonly<Record<string, () => void>> = {
  'start-up': () => benchStartUp(Number(process.env['BENCH_ROUNDS'] ?? 15)),
  'vm-create': () => asRoot('vm-create', () => benchVmCreate(Number(process.env['BENCH_VM_ROUNDS'] ?? 2))),
  deploy: () => asRoot('deploy', () => benchDeploy(Number(process.env['BENCH_DEPLOY_ROUNDS'] ?? 5))),
};

/** Real guests need root, as `npm test` does. */
function asRoot(name: string, work: () => void): void {
  if (process.getuid?.() === 0) work();
  else console.log(`${name}: left out, it needs root`);
}

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown !== undefined) {
  console.error(`There is no benchmark ${unknown}; there is ${Object.keys(BENCHMARKS).join(', ')}`);
  process.exit(2);
}
console.log(`node ${process.version}, ${cpus().length} cores`);
for (const [name, run] of Object.entries(BENCHMARKS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  try {
    run();
  } catch (error) {
    console.error(`${name}: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
