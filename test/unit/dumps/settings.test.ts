import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/lib/config/schema.js';
import { dataPackages, dumpSettings } from '../../../src/lib/dumps/settings.js';
import { calendarOf, dataUnit } from '../../../src/lib/upkeep/data/unit.js';
import { renderUnit } from '../../../src/lib/units/unit.js';
import { inEachShell, runIn } from '../../support/shells.js';

const configOf = (data?: unknown, more: object = {}) =>
  configSchema.parse({
    app: { name: 'shop' },
    secrets: { REPO: {}, WORD: {}, AWS_KEY: {} },
    ...(data === undefined ? {} : { data }),
    ...more,
  });

const refused = (data: unknown): string => {
  const parsed = configSchema.safeParse({ app: { name: 'shop' }, secrets: { REPO: {} }, data });
  return parsed.success
    ? ''
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n');
};

describe('settings of dumps', () => {
  it('are words for the shell, whatever is in them', () => {
    const settings = dumpSettings(
      configOf({
        stores: {
          odd: { service: 'web', dump: ['tool', "it's", '$(id)', 'a|b'], restore: 'cat >"/x y"' },
          notes: { service: 'web', kind: 'sqlite', path: '/data/my notes.db' },
        },
        volumes: ['uploads', 'web:/app/media'],
        offsite: { repository: 'REPO', password: 'WORD', environment: ['AWS_KEY'], keep: { last: 3, weekly: 0 } },
      }),
    );
    const script = `${settings}say() { for each; do printf '<%s>' "$each"; done; echo; }
printf '%s\\n' "$data_stores" "$data_volumes" "$data_offsite_keep" "$data_offsite_environment"
data_1_dump say exec id; data_1_restore say exec id`;
    expect(inEachShell((shell) => runIn(shell, script).stdout.trimEnd().split('\n'))).toEqual([
      'odd|command|web|1',
      'notes|sqlite|web|/data/my notes.db',
      'uploads web:/app/media',
      '--keep-last 3 --keep-daily 14 --keep-monthly 12',
      'AWS_KEY',
      "<exec><id><tool><it's><$(id)><a|b>",
      '<exec><id><sh><-c><cat >"/x y">',
    ]);
  });

  it('are there without a section, and copy nothing', () => {
    const settings = dumpSettings(configOf());
    expect(settings).toContain("data_offsite_repository=''\n");
    expect(settings).toContain('data_keep_last=7\n');
  });

  it.each<[unknown, string]>([
    [{ stores: { db: { service: 'db' } } }, 'data.stores.db: give exactly one of `kind` and `dump`'],
    [{ stores: { db: { service: 'db', dump: ['x'] } } }, 'data.stores.db: give both `dump` and `restore`'],
    [{ stores: { db: { service: 'db', kind: 'sqlite' } } }, '`kind: sqlite`, and only that, has a `path`'],
    [{ stores: { 'a|b': { service: 'db', kind: 'redis' } } }, 'Invalid key'],
    [{ volumes: ['../x'] }, 'the name of a volume'],
    [{ schedule: '02:30\nExecStart=x' }, 'a time such as 02:30'],
    [{ max_age: '26' }, 'must be as 90m, 48h or 30d'],
    [{ offsite: { repository: 'REPO', password: 'WORD' } }, 'data.offsite.password: WORD is not declared'],
    [
      { offsite: { repository: 'REPO', password: 'REPO', keep: { last: 0, daily: 0, weekly: 0, monthly: 0 } } },
      'nothing would be kept',
    ],
  ])('%o is refused', (data, words) => {
    expect(refused(data)).toContain(words);
  });
});

describe('the unit of dumps', () => {
  it('is there for a schedule only, at a time or by a calendar', () => {
    expect(dataUnit(configOf({}))).toBeUndefined();
    const unit = dataUnit(configOf({ schedule: '2:30' }));
    if (unit === undefined) throw new Error('there is one');
    const { files } = renderUnit(unit, { app: 'shop', base: '/opt/zebu/shop', user: 'deploy' });
    expect(files[1].name).toBe('zebu-data-dump@shop.timer');
    expect(files[1].text).toContain('OnCalendar=*-*-* 02:30:00\nPersistent=yes\n');
    expect(calendarOf('Mon..Fri 02:30')).toBe('Mon..Fri 02:30');
  });

  it('brings the packages it needs', () => {
    expect(dataPackages(configOf())).toEqual([]);
    const data = {
      stores: { notes: { service: 'web', kind: 'sqlite', path: '/x.db' } },
      offsite: { repository: 'REPO', password: 'WORD' },
    };
    expect(dataPackages(configOf(data))).toEqual(['restic', 'sqlite3']);
  });
});
