/** `npm run bench`: figures are ratios against a floor measured in the same run; nothing here passes or fails. */
import { cpus } from 'node:os';
import { benchStartUp } from '../bench/start-up.ts';

console.log(`node ${process.version}, ${cpus().length} cores`);
benchStartUp(Number(process.env['BENCH_ROUNDS'] ?? 15));
