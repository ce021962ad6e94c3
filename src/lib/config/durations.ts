const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** Seconds. */
export const DAY = 86_400;

/** Of `90s`, `10m`, `2h`, or a number. @returns seconds */
export function durationSeconds(value: number | string): number {
  const [, count, unit = 's'] = /^([0-9]+)([smh])?$/.exec(String(value)) ?? [];
  return Number(count) * (UNITS[unit] ?? 1);
}

/** Of `90m`, `48h`, `30d`. @returns seconds */
export const ageSeconds = (value: string): number =>
  Number(value.slice(0, -1)) * (value.endsWith('d') ? DAY : (UNITS[value.slice(-1)] ?? 1));
