/**
 * `npm run bench [NAME…]`: all benchmarks, or those that are named. Figures are ratios against a floor measured in the
 * same run, or shares of it; a figure that misses its aim says so and fails nothing, a benchmark that breaks does.
 */
import { cpus } from 'node:os';
import { benchClient } from '../bench/client.ts';
import { benchDeploy } from '../bench/deploy.ts';
import { benchGrowth } from '../bench/growth.ts';
import { benchPaired } from '../bench/paired.ts';
import { benchScale } from '../bench/scale.ts';
import { benchStarved } from '../bench/starved.ts';
import { printFigures } from '../bench/spent.ts';
import { benchStartUp } from '../bench/start-up.ts';
import { benchTransports } from '../bench/transports.ts';
import { benchVmCreate } from '../bench/vm-create.ts';
import { benchWire } from '../bench/wire.ts';

const BENCHMARKS: Readonly<Record<string, () => Promise<void> | void>> = {
  'start-up': () => benchStartUp(Number(process.env['BENCH_ROUNDS'] ?? 15)),
  client: () => asRoot('client', () => benchClient(Number(process.env['BENCH_CLIENT_ROUNDS'] ?? 9), others())),
  'vm-create': () => asRoot('vm-create', () => benchVmCreate(Number(process.env['BENCH_VM_ROUNDS'] ?? 2))),
  transports: () => asRoot('transports', () => benchTransports(Number(process.env['BENCH_TRANSPORT_ROUNDS'] ?? 5))),
  deploy: () => asRoot('deploy', () => benchDeploy(Number(process.env['BENCH_DEPLOY_ROUNDS'] ?? 5))),
  starved: () => asRoot('starved', () => benchStarved(Number(process.env['BENCH_DEPLOY_ROUNDS'] ?? 5))),
  wire: () => asRoot('wire', () => benchWire(Number(process.env['BENCH_DEPLOY_ROUNDS'] ?? 5))),
  growth: () =>
    asRoot('growth', () => benchGrowth(Number(process.env['BENCH_GROWTH_ROUNDS'] ?? 3), process.env['BENCH_GROWTH'])),
  scale: () => asRoot('scale', benchScale),
  paired: () => asRoot('paired', paired),
};

/** Another build to measure beside this one, where one is named. */
const others = (): readonly string[] => {
  const other = process.env['BENCH_OTHER'];
  return other === undefined ? [] : [other];
};

/** Only where another build is named: there is none to compare with otherwise. */
async function paired(): Promise<void> {
  const other = process.env['BENCH_OTHER'];
  if (other === undefined) console.log('paired: left out, BENCH_OTHER names no built checkout to compare with');
  else await benchPaired(other, Number(process.env['BENCH_PAIRED_ROUNDS'] ?? 5));
}

/** Real guests need root, as `npm test` does. */
async function asRoot(name: string, work: () => Promise<void>): Promise<void> {
  if (process.getuid?.() === 0) await work();
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
    await run();
  } catch (error) {
    console.error(`${name}: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
printFigures();
