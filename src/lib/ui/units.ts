/** Quantities as people read them; `--json` always carries plain bytes and seconds. */

const BYTE_UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `512 bytes`, `3.8 KiB`, `10.0 GiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${BYTE_UNITS[unit] ?? ''}`;
}

/** To a tenth. */
export const toSeconds = (milliseconds: number): number => Math.round(milliseconds / 100) / 10;

/** `52 s`, `4 min 10 s`, `3 h 5 min`, `12 d 4 h`: the two largest units that say something. */
export function formatSeconds(seconds: number): string {
  const total = Math.floor(seconds);
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(total / 86_400), 'd'],
    [Math.floor(total / 3600) % 24, 'h'],
    [Math.floor(total / 60) % 60, 'min'],
    [total % 60, 's'],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  if (first === -1) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ');
}

/** `2026-11-29 10:00`: UTC, which is said beside it where it matters. @param iso as Date.toISOString writes it */
export const formatMinute = (iso: string): string => iso.slice(0, 16).replace('T', ' ');

/** The same. @param seconds Unix time */
export const formatUnixMinute = (seconds: number): string => formatMinute(new Date(seconds * 1000).toISOString());
