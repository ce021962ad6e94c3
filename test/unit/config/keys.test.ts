import { describe, expect, it } from 'vitest';
import { deriveKeys } from '../../../src/lib/config/json-schema.js';

describe('the keys of zebu.yml', () => {
  const keys = deriveKeys();

  it('gives every key a variable of its own and a sentence for the reference', () => {
    expect(new Set(keys.map((key) => key.variable)).size).toBe(keys.length);
    expect(keys.filter((key) => key.description === '').map((key) => key.path)).toEqual([]);
  });

  it('builds in no address, host or bridge', () => {
    const addressed = keys.filter((key) => /\.(host|bridge|gateway|node|url|volume)$/.test(key.path));
    expect(addressed.length).toBeGreaterThan(5);
    expect(addressed.filter((key) => key.default !== undefined)).toEqual([]);
  });

  it('keeps ZEBU_SECRETS free for what GitHub hands over', () => {
    expect(keys.find((key) => key.path === 'secrets')?.variable).toBe('ZEBU_SECRET_DECLARATIONS');
  });
});
