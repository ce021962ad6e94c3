/**
 * `npm run bench [NAME…]`: all benchmarks, or those that are named. Figures are ratios against a floor measured in the
 * same run, or shares of it; a figure that misses its aim says so and fails nothing, a benchmark that breaks does.
 */
import { cpus } from 'node:os';
import { benchStartUp } from '../bench/start-up.ts';
import { benchVmCreate } from '../bench/vm-create.ts';

const BENCHMARKS: Readonly<Record<string, () => void>> = {
  'start-up': () => benchStartUp(Number(process.env['BENCH_ROUNDS'] ?? 15)),
  'vm-create': () => {
    // Real guests need root, as `npm test` does.
    if (process.getuid?.() === 0) benchVmCreate(Number(process.env['BENCH_VM_ROUNDS'] ?? 2));
    else console.log('vm-create: left out, it needs root');
  },
};

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
