/** `npm run bench`: figures are ratios against a floor measured in the same run; nothing here passes or fails. */
import { cpus } from 'node:os';
import { benchStartUp } from '../bench/start-up.ts';
import { benchVmCreate } from '../bench/vm-create.ts';

console.log(`node ${process.version}, ${cpus().length} cores`);
benchStartUp(Number(process.env['BENCH_ROUNDS'] ?? 15));
// Needs root and real guests, as `npm test` does.
if (process.getuid?.() === 0) benchVmCreate(Number(process.env['BENCH_VM_ROUNDS'] ?? 2));
