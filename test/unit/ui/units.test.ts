import { describe, expect, it } from 'vitest';
import { formatBytes, formatSeconds } from '../../../src/lib/ui/units.js';

describe('formatBytes', () => {
  it.each([
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [3840, '3.8 KiB'],
    [10 * 1024 ** 3, '10.0 GiB'],
    [5 * 1024 ** 5, '5120.0 TiB'],
  ])('%d is %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe('formatSeconds', () => {
  it.each([
    [0, '0 s'],
    [59.9, '59 s'],
    [60, '1 min'],
    [250, '4 min 10 s'],
    [3 * 3600 + 5 * 60 + 7, '3 h 5 min'],
    [12 * 86_400 + 4 * 3600, '12 d 4 h'],
    [86_400 + 30, '1 d'],
  ])('%d s is %s', (seconds, text) => expect(formatSeconds(seconds)).toBe(text));
});
