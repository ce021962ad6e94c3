import type { Machine, Usage } from './results.js';

/** Seconds at least between the two readings that a share of a core is computed from; Docker is asked meanwhile. See usage.sh. */
export const USAGE_SAMPLE = 0.1;

const numbers = (text: string): readonly number[] => text.split(' ').map(Number);

export function parseUsage(text: string): readonly [string, Usage] | undefined {
  const [name = '', cpu, memory] = text.split(' ');
  const usage = { cpu: Number(cpu), memory: Math.max(0, Number(memory)) };
  return name === '' || Number.isNaN(usage.cpu) || Number.isNaN(usage.memory) ? undefined : [name, usage];
}

export function parseMachine(text: string): Machine | undefined {
  const [cores, load, total, available, size, used, free] = numbers(text);
  if (cores === undefined || load === undefined || total === undefined || available === undefined) return undefined;
  if (size === undefined || used === undefined || free === undefined) return undefined;
  if (numbers(text).some(Number.isNaN)) return undefined;
  return {
    cores,
    load,
    memory: { total: total * 1024, available: available * 1024 },
    disk: { total: size * 1024, used: used * 1024, available: free * 1024 },
  };
}
