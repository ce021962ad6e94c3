import { describe, expect, it } from 'vitest';
import { Sensitive } from '../../../plugins/kit/src/redact.js';
import { secretDeclaration, type SecretDeclaration } from '../../../src/lib/config/secret-declaration.js';
import { compareSecrets, refuseUnwanted } from '../../../src/lib/secrets/changes.js';
import { keyedDigest } from '../../../src/lib/secrets/digest.js';
import { generateValue } from '../../../src/lib/secrets/generate.js';
import { nextVersion, secretBundle } from '../../../src/lib/secrets/bundle.js';
import { parseUsage } from '../../../src/lib/secrets/usage.js';
import { EMPTY_STORE, parseStore, type SecretStore } from '../../../src/lib/app-folder/secrets/versions.js';

const KEY = 'ab'.repeat(32);
const STAMP = { author: { who: 'Ada', from: 'laptop' }, at: '2026-11-24T10:00:00.000Z', why: 'sync' };

const declare = (all: Record<string, unknown>): Record<string, SecretDeclaration> =>
  Object.fromEntries(Object.entries(all).map(([name, text]) => [name, secretDeclaration.parse(text)]));

function storeOf(values: Readonly<Record<string, string>>): SecretStore {
  const set = new Map(Object.entries(values).map(([name, value]) => [name, new Sensitive(value)]));
  const version = nextVersion(EMPTY_STORE, KEY, { set, remove: [] }, STAMP);
  return { ...EMPTY_STORE, key: KEY, latest: 1, kept: [1], versions: [version] };
}

const sources = (values: Readonly<Record<string, string>>): ReadonlyMap<string, Sensitive> =>
  new Map(Object.entries(values).map(([name, value]) => [name, new Sensitive(value)]));

describe('compareSecrets', () => {
  it('tells every case apart without a value', () => {
    const declared = declare({ NEW: {}, SAME: {}, OTHER: {}, ABSENT: {}, NONE: {}, MADE: { generate: true } });
    const changes = compareSecrets({
      declared,
      values: sources({ NEW: 'n', SAME: 's', OTHER: 'o2' }),
      origins: new Map([['NEW', '.env']]),
      store: storeOf({ SAME: 's', OTHER: 'o1', ABSENT: 'a', GONE: 'g' }),
      key: KEY,
    });
    expect(Object.fromEntries(changes.map(({ name, status }) => [name, status]))).toEqual({
      NEW: 'added',
      SAME: 'unchanged',
      OTHER: 'changed',
      ABSENT: 'kept',
      NONE: 'missing',
      MADE: 'generated',
      GONE: 'stale',
    });
    expect(changes[0]).toEqual({
      name: 'NEW',
      status: 'added',
      before: null,
      after: keyedDigest(KEY, 'NEW', 'n'),
      origin: '.env',
    });
  });

  it('refuses to change what the data was made with, all names at once', () => {
    const declared = declare({ A: { rotate: 'never' }, B: { rotate: { command: 'x' } }, C: {} });
    const store = storeOf({ A: '1', B: '1', C: '1' });
    const of = (values: Record<string, string>) =>
      compareSecrets({ declared, values: sources(values), origins: new Map([['A', '.env']]), store, key: KEY });
    expect(() => refuseUnwanted({ secrets: declared }, of({ A: '1', C: '2' }), store)).not.toThrow();
    expect(() => refuseUnwanted({ secrets: declared }, of({ A: '2', B: '2' }), store)).toThrow(
      expect.objectContaining({ code: 'SECRET_PROTECTED', details: { names: ['A', 'B'] } }),
    );
    // With it the copies off the VM are encrypted.
    const copies = { secrets: declared, data: { offsite: { password: 'C' } } };
    expect(() => refuseUnwanted(copies, of({ A: '1', C: '2' }), store)).toThrow(
      expect.objectContaining({ code: 'SECRET_PROTECTED', details: { names: ['C'] } }),
    );
  });
});

describe('a value that was changed in the VM', () => {
  const declared = declare({ A: {} });
  const changed = (store: SecretStore, value: string, why: string): SecretStore => {
    const stamp = { ...STAMP, why, at: '2026-11-25T08:30:00.000Z' };
    const version = nextVersion(store, KEY, { set: sources({ A: value }), remove: [] }, stamp);
    return { ...store, latest: version.version, versions: [...store.versions, version] };
  };
  const compared = (store: SecretStore, value: string) =>
    compareSecrets({ declared, values: sources({ A: value }), origins: new Map([['A', '.env']]), store, key: KEY });
  const statusOf = (store: SecretStore, value: string): string | undefined => compared(store, value)[0]?.status;

  it.each(['rotate', 'set', 'rollback'])('by %s makes the one before outdated, and says since when', (why) => {
    const store = changed(storeOf({ A: 'one' }), 'two', why);
    expect(() => refuseUnwanted({ secrets: declared }, compared(store, 'one'), store)).toThrow(
      expect.objectContaining({
        code: 'SECRET_OUTDATED',
        message: expect.stringMatching(
          /^The VM has a newer value than the source: A in \.env \((?:rotated|set|rolled back) on 2026-11-25 08:30 UTC by Ada\)$/,
        ) as string,
      }),
    );
    expect(statusOf(store, 'two')).toBe('unchanged');
    expect(statusOf(store, 'three')).toBe('changed');
  });

  it('by a source leaves what it had before usable: who edits may edit back', () => {
    for (const why of ['deploy', 'sync'])
      expect(statusOf(changed(storeOf({ A: 'one' }), 'two', why), 'one')).toBe('changed');
  });

  /** Every sequence of up to five of: rotate, edit .env, put the first value back into .env, deploy, secrets:rollback. */
  it('never comes back by a deploy, in whatever order it was rotated, edited, deployed and rolled back', () => {
    const steps = ['rotate', 'edit', 'restore', 'deploy', 'back'] as const;
    let refused = 0;
    const walk = (
      path: readonly string[],
      store: SecretStore,
      dotenv: string,
      live: string,
      gone: ReadonlySet<string>,
    ): void => {
      if (path.length === 5) return;
      const fresh = `value ${path.join(' ')}`;
      for (const step of steps) {
        const next = [...path, step];
        if (step === 'edit') walk(next, store, `${fresh} by hand`, live, gone);
        else if (step === 'restore') walk(next, store, 'one', live, gone);
        else if (step === 'rotate')
          walk(next, changed(store, fresh, 'rotate'), dotenv, fresh, new Set([...gone, live]));
        else if (step === 'back') {
          const before = store.versions.at(-2)?.entries['A']?.digest;
          const value = [...gone, live, 'one'].find((each) => keyedDigest(KEY, 'A', each) === before);
          if (value === undefined || value === live) continue;
          const rest = new Set([...gone, live].filter((each) => each !== value));
          walk(next, changed(store, value, 'rollback'), dotenv, value, rest);
        } else if (statusOf(store, dotenv) === 'outdated') {
          refused++;
          expect(gone.has(dotenv), next.join(', ')).toBe(true);
          walk(next, store, dotenv, live, gone);
        } else {
          expect(gone.has(dotenv), next.join(', ')).toBe(false);
          walk(next, dotenv === live ? store : changed(store, dotenv, 'deploy'), dotenv, dotenv, gone);
        }
      }
    };
    walk([], storeOf({ A: 'one' }), 'one', 'one', new Set());
    expect(refused).toBeGreaterThan(100);
  });
});

describe('keyedDigest', () => {
  it('differs by key, name and value', () => {
    const digests = [
      keyedDigest(KEY, 'A', 'x'),
      keyedDigest(KEY, 'B', 'x'),
      keyedDigest(KEY, 'A', 'y'),
      keyedDigest('cd'.repeat(32), 'A', 'x'),
    ];
    expect(new Set(digests).size).toBe(4);
    expect(digests[0]).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe('secretBundle', () => {
  it('is empty when nothing changes, so that no secret travels', () => {
    expect(secretBundle(storeOf({ A: '1' }), { set: new Map(), remove: [] }, STAMP)).toBe('');
  });

  it('holds key, record and one line a change; what did not change keeps its date', () => {
    const stamp = { ...STAMP, at: '2026-11-25T10:00:00.000Z', why: 'set' };
    const changes = { set: sources({ B: 'two\nlines', C: "it's" }), remove: ['D'] };
    const [key, record = '', ...lines] = secretBundle(storeOf({ A: '1', B: '1', D: '1' }), changes, stamp).split('\n');
    expect(key).toBe(KEY);
    expect(lines).toEqual([String.raw`B="two\nlines"`, `C="it's"`, '-D', '']);
    const { entries, ...rest } = JSON.parse(record) as { entries: Record<string, { since: string }> };
    expect(rest).toEqual({ version: 2, at: stamp.at, who: 'Ada', from: 'laptop', why: 'set' });
    expect(Object.entries(entries).map(([name, { since }]) => [name, since])).toEqual([
      ['A', STAMP.at],
      ['B', stamp.at],
      ['C', stamp.at],
    ]);
  });
});

describe('parseStore', () => {
  it('reads what the VM says, and survives a record that was cut off', () => {
    const store = parseStore(
      [
        'current=releases/r2',
        'secret-version=10',
        'secret-version=9',
        `secret-key=${KEY}`,
        'secret-record={"vers',
        'release-secrets=r1 9',
        'release-secrets=r2 10',
      ].join('\n'),
    );
    expect(store).toMatchObject({ current: 'r2', latest: 10, kept: [9, 10], key: KEY, versions: [] });
    expect([...store.releases]).toEqual([
      ['r1', 9],
      ['r2', 10],
    ]);
  });
});

describe('parseUsage', () => {
  it('finds markers in a service, and Compose secrets it mounts', () => {
    const usage = parseUsage(
      JSON.stringify({
        services: {
          api: { environment: { URL: 'pg://u:zebu-marker-DB_PASS-end@db/zebu-marker-X-end' } },
          db: { secrets: [{ source: 'password' }] },
          web: {},
        },
        secrets: { password: { environment: 'DB_PASS' }, other: { environment: 'UNUSED' } },
      }),
    );
    expect(Object.fromEntries(usage)).toEqual({ DB_PASS: ['api', 'db'], X: ['api'] });
  });

  it('finds who is given all of them as a file', () => {
    const source = '/opt/zebu/shop/shared/secrets/env_file';
    const services = {
      api: { environment: { A: 'zebu-marker-A-end' } },
      php: { volumes: [{ type: 'bind', source, target: '/code/.env' }] },
      web: { volumes: [{ type: 'volume', target: '/data' }, { source: '/opt/zebu/shop/shared/files/1' }] },
    };
    expect(Object.fromEntries(parseUsage(`secret=A\nsecret=B\n${JSON.stringify({ services })}`))).toEqual({
      A: ['api', 'php'],
      B: ['php'],
    });
  });
});

describe('generateValue', () => {
  it('has the length and characters asked for, each drawn evenly', () => {
    expect(generateValue({ length: 64, alphabet: 'hex' })).toMatch(/^[0-9a-f]{64}$/);
    expect(generateValue({ length: 10, alphabet: '0123456789' }, () => 3)).toBe('3333333333');
    const counts = new Map<string, number>();
    for (const c of generateValue({ length: 4096, alphabet: 'aabcdefghij' })) counts.set(c, (counts.get(c) ?? 0) + 1);
    expect(counts.size).toBe(10);
    expect(Math.max(...counts.values())).toBeLessThan(530);
  });
});

describe('a declaration', () => {
  it.each([
    [{ generate: { length: 4 } }],
    [{ generate: { alphabet: 'ab' } }],
    [{ rotate: 'sometimes' }],
    [{ rotate: { command: 'x', service: 'a b' } }],
    [{ services: ['a b'] }],
  ])('refuses %j', (text) => expect(secretDeclaration.safeParse(text).success).toBe(false));

  it('takes `generate: true` for the usual', () => {
    expect(secretDeclaration.parse({ generate: true }).generate).toEqual({ length: 32, alphabet: 'alphanumeric' });
  });
});
