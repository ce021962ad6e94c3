import { describe, expect, it } from 'vitest';
import { newerTags, parseVersion } from '../../../src/lib/images/version.js';

const newer = (tag: string, ...tags: readonly string[]): readonly (string | null)[] | undefined => {
  const found = newerTags(tag, tags);
  return found === undefined ? undefined : [found.patch, found.minor, found.major];
};

describe('newer tags', () => {
  it('are the newest of each step, by number and not by letter', () => {
    expect(newer('1.2.3', '1.2.3', '1.2.9', '1.2.10', '1.3.0', '1.10.1', '1.9.9', '2.0.0', '10.0.0', '9.9.9')).toEqual([
      '1.2.10',
      '1.10.1',
      '10.0.0',
    ]);
    expect(newer('1.2.3', '1.2.2', '1.1.9', '0.9.0', 'latest', '')).toEqual([null, null, null]);
  });

  it('have as many numbers: who wrote 16 wants whatever 16 is', () => {
    expect(newer('16', '16.1', '16.10', '17', '17.2', '17.2.1')).toEqual([null, null, '17']);
    expect(newer('16.1', '16', '16.10', '16.11.1', '17', '17.2')).toEqual([null, '16.10', '17.2']);
  });

  it('are of the same kind, whose own version may be newer, too', () => {
    const tags = [
      '16.2',
      '16.2-alpine',
      '16.3-alpine',
      '16.4-bookworm',
      '17.0-alpine',
      '18.0-alpine3.20',
      '16.9-alpine-x',
    ];
    expect(newer('16.2-alpine', ...tags)).toEqual([null, '16.3-alpine', '17.0-alpine']);
    expect(newer('16.2-alpine3.19', '16.2-alpine3.20', '16.2-alpine3.9', '16.4-alpine3.20', '16.5-alpine')).toEqual([
      '16.2-alpine3.20',
      '16.4-alpine3.20',
      null,
    ]);
    expect(newer('v1.2.0', '1.3.0', 'v1.2.1', 'V1.4.0')).toEqual(['v1.2.1', null, null]);
  });

  it('are no previews, and what a preview is one of is newer than it', () => {
    const previews = ['1.3.0-rc.1', '1.3.0rc1', '1.3.0-beta', '1.4.0-dev', '1.3.0-nightly.20260101', '2.0.0-alpha.3'];
    expect(newer('1.2.0', ...previews)).toEqual([null, null, null]);
    expect(newer('3.13.0-slim', '3.14.0rc2-slim', '3.14.0a1-slim', '3.13.1-slim')).toEqual(['3.13.1-slim', null, null]);
    expect(newer('1.3.0-rc.1', '1.3.0-rc.2', '1.3.0', '1.2.9')).toEqual(['1.3.0', null, null]);
    expect(newer('3.14.0rc1-slim', '3.14.0-slim', '3.14.0')).toEqual(['3.14.0-slim', null, null]);
    expect(newer('1.0-alpine', '1.1-alpine-rc1')).toEqual([null, null, null]);
  });

  it('are no dates, builds and commits beside versions', () => {
    expect(newer('16', '20240101', '1234567', '17')).toEqual([null, null, '17']);
    expect(newer('20240101', '20240301', '17')).toEqual([null, null, '20240301']);
    expect(newer('2024.1.2', '2024.1.10', '2024.3.0', '2025.1.0')).toEqual(['2024.1.10', '2024.3.0', '2025.1.0']);
    expect(newer('1', '1a2b3c4', '99999999999999999999')).toEqual([null, null, null]);
  });

  it('are unknown for a tag that says no version', () => {
    for (const tag of ['latest', 'alpine', 'bookworm-slim', '1a2b3c4d', 'sha-4f2a', 'master', 'v', ''])
      expect([tag, newer(tag, '1', '2')]).toEqual([tag, undefined]);
    expect(parseVersion('8.0.36-debian')).toMatchObject({ parts: [8, 0, 36], variant: '-debian' });
  });
});
