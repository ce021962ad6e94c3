import { describe, expect, it } from 'vitest';
import { dataStatus } from '../../../src/lib/app-folder/data.js';
import { chooseDump } from '../../../src/lib/data/choose.js';
import { dumpAge } from '../../../src/lib/data/list.js';
import { parseData, type SeenData } from '../../../src/lib/data/read.js';
import { dumpedLines, listLines, restoredLines } from '../../../src/lib/data/text.js';
import { dataFinding } from '../../../src/lib/doctor/data.js';

const manifest = (id: string, t: number, why: string): string =>
  [
    'store=db|postgres|db|db.sql.gz|2048|abc|',
    `id=${id}`,
    `t=${t}`,
    `why=${why}`,
    'who=ann',
    'from=laptop',
    'release=r1',
    'ref=v1=a',
    'commit=c',
    'seconds=2',
    'bytes=2048',
  ]
    .map((line) => `dump=${id} ${line}\n`)
    .join('');

const SAID = `store=db|postgres|db|id|true|
store=uploads|volume||||uploads
${manifest('20260101T000000Z', 1_767_225_600, 'manual')}${manifest('20260102T000000Z', 1_767_312_000, 'restore')}attempt=1767312000\twell\t\t
offsite-attempt=1767312000\tfailed\toffsite-away\tit is away
now=1767315600
room=5
snapshots=[{"time":"2025-12-01T00:00:00.5+01:00","id":"ffff","short_id":"ff","tags":["zebu","app=shop","dump=20251201T000000Z"]},{"time":"2025-12-03T00:00:00Z","id":"ee","tags":["dump=20251203T000000Z"]},{"time":"2025-12-04T00:00:00Z","id":"dd"}]
`;

describe('what the VM says of the data', () => {
  const seen = parseData(SAID);

  it('is read', () => {
    expect(seen.stores).toMatchObject([
      { name: 'db', kind: 'postgres', service: 'db', running: true },
      { name: 'uploads', kind: 'volume', service: null, path: 'uploads', running: true },
    ]);
    expect(seen.dumps.map(({ id, ref, why }) => [id, ref, why])).toEqual([
      ['20260102T000000Z', 'v1=a', 'restore'],
      ['20260101T000000Z', 'v1=a', 'manual'],
    ]);
    expect(seen.offsite?.map(({ id }) => id)).toEqual(['20251203T000000Z', '20251201T000000Z']);
    expect(seen.failures).toEqual([{ at: 1_767_312_000, cause: 'offsite-away', reason: 'it is away' }]);
    expect(parseData('snapshots=null\n').offsite).toEqual([]);
  });

  it('has a dump that is meant: the newest that no restore has put away, or the one that is named', () => {
    const seen = parseData(`${SAID}adopted=1767000000\n`);
    expect(chooseDump(seen, undefined)).toMatchObject({ id: '20260101T000000Z', fetched: false, stores: ['db'] });
    expect(chooseDump(seen, '20260102T000000Z')).toMatchObject({ fetched: false });
    expect(chooseDump(seen, '20251201T000000Z')).toMatchObject({ fetched: true });
    expect(chooseDump({ ...seen, dumps: [] }, undefined)).toMatchObject({ id: '20251203T000000Z', fetched: true });
    const none = { ...seen, dumps: [], offsite: undefined };
    expect(() => chooseDump(none, undefined)).toThrow('There is no dump in the VM');
    const away = { ...none, offsiteProblem: { cause: 'offsite-away', reason: 'it does not answer' } };
    expect(() => chooseDump(away, undefined)).toThrow(/off it cannot be looked: it does not answer/);
  });

  /** A VM whose dump is of 2026-01-01, and what is off it: each by this VM or by another. */
  const off = (more: string, ...dumps: readonly (readonly [string, 'this' | 'other'])[]): SeenData =>
    parseData(
      `${manifest('20260101T000000Z', 1_767_225_600, 'deploy')}origin=this\n${more}snapshots=${JSON.stringify(
        dumps.map(([id, origin]) => ({ time: '2026-06-01T00:00:00Z', id, tags: [`dump=${id}`, `origin=${origin}`] })),
      )}\n`,
    );

  it.each([
    ['a newer one by another VM', off('', ['20260102T000000Z', 'other']), '20260102T000000Z'],
    ['a newer one that is not here any more', off('', ['20260102T000000Z', 'this']), '20260102T000000Z'],
    ['an older one, of the VM before', off('', ['20250102T000000Z', 'other']), '20250102T000000Z'],
    [
      'one of the VM before that was restored after it',
      off('adopted=1767225601\n', ['20250102T000000Z', 'other']),
      '20250102T000000Z',
    ],
  ])('says which two there are where the newest is in doubt: %s', (_, both, there) => {
    let thrown: unknown;
    try {
      chooseDump(both, undefined);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'DUMP_REFUSED' });
    const { message, hint } = thrown as { message: string; hint: string };
    expect(message).toContain(`the newest in the VM is 20260101T000000Z, and off it there is ${there}`);
    expect(hint).toMatch(`zebu data:restore ${there}, or zebu data:restore 20260101T000000Z.`);
    expect(chooseDump(both, '20260101T000000Z')).toMatchObject({ fetched: false });
    expect(chooseDump(both, there)).toMatchObject({ id: there, fetched: true });
  });

  it.each([
    ['all are its own', off('', ['20260101T000000Z', 'this'], ['20250102T000000Z', 'this'])],
    ['it is that of the VM before', off('', ['20260101T000000Z', 'other'], ['20250102T000000Z', 'other'])],
    ['that of the VM before came back first', off('adopted=1767225599\n', ['20250102T000000Z', 'other'])],
    ['there is none off it', off('')],
  ])('has its newest where %s', (_, seen) => {
    expect(chooseDump(seen, undefined)).toMatchObject({ id: '20260101T000000Z', fetched: false });
  });

  it('has no newest where it cannot be looked off it, but the one that is named', () => {
    const away = {
      ...off(''),
      offsite: undefined,
      offsiteProblem: { cause: 'offsite-away', reason: 'it does not answer' },
    };
    expect(() => chooseDump(away, undefined)).toThrow(
      'Whether 20260101T000000Z in the VM is the newest cannot be told; this one: zebu data:restore 20260101T000000Z. Off it: it does not answer',
    );
    expect(chooseDump(away, '20260101T000000Z')).toMatchObject({ fetched: false });
  });

  it('has an age, which may be too much', () => {
    expect(dumpAge(seen, '2h')).toEqual({ ageSeconds: 3600, tooOld: false });
    expect(dumpAge({ ...seen, now: seen.now + 3601 }, '2h')).toEqual({ ageSeconds: 7201, tooOld: true });
    expect(dumpAge({ dumps: [], now: 1 }, '2h')).toEqual({ ageSeconds: null, tooOld: true });
    expect(dumpAge({ dumps: [], now: 1 }, undefined)).toEqual({ ageSeconds: null, tooOld: false });
  });
});

describe('how it stands with dumps', () => {
  const none = { now: undefined, id: undefined, at: undefined, bytes: undefined, attempts: [] };

  it('is nothing where none is made, and a warning where one should be', () => {
    expect(dataStatus(none, undefined)).toBeNull();
    expect(dataFinding(null, false).status).toBe('skip');
    expect(dataFinding(null, true).status).toBe('warn');
    expect(dataFinding(dataStatus(none, '1d'), true)).toMatchObject({
      status: 'warn',
      detail: 'there is no dump, and data.max_age is set',
    });
  });

  it('is the age of the newest, and why the last attempt failed', () => {
    const some = { now: '1767315600', id: 'x', at: '1767312000', bytes: '5', attempts: ['1\twell\t\t'] };
    expect(dataFinding(dataStatus(some, '2h'), true)).toMatchObject({
      status: 'ok',
      detail: 'the newest dump is 1 h old (x)',
    });
    expect(dataFinding(dataStatus(some, '1h'), true).status).toBe('ok');
    expect(dataFinding(dataStatus({ ...some, now: '1767315601' }, '1h'), true).status).toBe('warn');
    const failed = dataStatus({ ...some, attempts: ['1767312000\tfailed\tno-space\tno space left'] }, undefined);
    expect(dataFinding(failed, true)).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('no space left') as string,
    });
  });
});

describe('what people read', () => {
  const seen = parseData(SAID);

  it('of a list', () => {
    const lines = listLines(
      {
        app: 'shop',
        stores: seen.stores,
        dumps: seen.dumps.map((each) => ({ ...each, offsite: false })),
        offsite: { dumps: seen.offsite ?? [], problem: 'it is away' },
        failed: { at: '2026-01-02T00:00:00.000Z', cause: 'dump-failed', reason: 'no' },
        ageSeconds: 7200,
        tooOld: true,
      },
      200,
    ).join('\n');
    for (const each of [
      'pg_dump',
      'before a restore',
      '20251203T000000Z',
      'off the VM: it is away',
      'failed: no',
      'too old',
    ])
      expect(lines).toContain(each);
  });

  it('of a dump and a restore', () => {
    const [dump = null] = seen.dumps;
    const common = { app: 'shop', stores: seen.stores };
    expect(dumpedLines({ ...common, dump, offsite: true }, false)).toEqual([
      'dump 20260102T000000Z: db (2.0 KiB) in 2 s, and copied off the VM',
    ]);
    expect(dumpedLines({ ...common, dump: null, offsite: null }, true)[0]).toContain('would dump db');
    expect(dumpedLines({ app: 'shop', stores: [], dump: null, offsite: null }, false)[0]).toContain('data.stores');
    const restored = { app: 'shop', dump: 'x', fetched: true, stores: [], release: 'r', seconds: 9 } as const;
    expect(restoredLines({ ...restored, verdict: 'live' })).toEqual([
      'the dump x is restored (all stores, from off the VM) in 9 s; r serves it',
    ]);
    expect(restoredLines({ ...restored, verdict: 'planned' })).toEqual([
      'would restore the dump x (all stores, from off the VM) into r',
    ]);
  });
});
