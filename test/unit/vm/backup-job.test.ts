import { describe, expect, it } from 'vitest';
import { backupSection, pruneRule } from '../../../src/lib/config/backup-section.js';
import { backupJobsAnswer } from '../../../src/lib/proxmox/answers.js';
import { backupJobChange, covers, foreignJobs, isOwnJob, jobId } from '../../../src/lib/vm/backup/job.js';
import { backupStoragesOf, placeOf } from '../../../src/lib/vm/backup/place.js';
import { backupText, jobsText } from '../../../src/lib/vm/backup/text.js';

const TARGET = { vmid: 900, node: 'pve', pool: 'apps' };
const wish = (section: Record<string, unknown> = {}, storage = 'pbs') => ({
  app: 'shop',
  section: backupSection.parse(section),
  storage,
});
const jobs = (...rows: readonly Record<string, unknown>[]) => backupJobsAnswer.parse(rows);

/** As Proxmox shows the job that zebu makes. */
const OURS = {
  id: 'zebu-shop',
  type: 'vzdump',
  enabled: 1,
  schedule: '02:30',
  storage: 'pbs',
  mode: 'snapshot',
  vmid: '900',
  'prune-backups': { 'keep-weekly': '4', 'keep-daily': '7' },
  comment: 'zebu-app-shop',
  'notes-template': 'zebu-app-shop: {{guestname}}',
  compress: 'zstd',
};

describe('the backup job of vm.backup', () => {
  it('is made with all that tells whose it is, where there is none', () => {
    const change = backupJobChange(wish(), [], TARGET);
    expect(change?.drift).toEqual([
      { key: 'vm.backup', wanted: 'backed up to pbs (02:30)', found: 'by no job', change: 'now' },
    ]);
    expect(change?.steps.map(({ call }) => call)).toEqual([
      {
        method: 'POST',
        path: '/cluster/backup',
        params: {
          id: 'zebu-shop',
          enabled: 1,
          schedule: '02:30',
          storage: 'pbs',
          mode: 'snapshot',
          vmid: '900',
          'prune-backups': 'keep-daily=7,keep-weekly=4',
          compress: 'zstd',
          comment: 'zebu-app-shop',
          'notes-template': 'zebu-app-shop: {{guestname}}',
        },
        task: undefined,
      },
    ]);
  });

  it('is as it should be however Proxmox writes it down', () => {
    expect(backupJobChange(wish(), jobs(OURS), TARGET)).toBeUndefined();
    const text = { ...OURS, enabled: undefined, 'prune-backups': 'keep-weekly=4,keep-daily=7', 'next-run': 1 };
    expect(backupJobChange(wish(), jobs(text), TARGET)).toBeUndefined();
  });

  it('is changed in what differs, and in nothing else', () => {
    const change = backupJobChange(
      wish({ schedule: 'sun 01:00', keep: { last: 2 }, notify: ['ops@example.org'] }),
      jobs({ ...OURS, vmid: '901', enabled: 0 }),
      TARGET,
    );
    expect(change?.drift.map(({ key, wanted, found }) => `${key}: ${found} -> ${wanted}`)).toEqual([
      'vm.backup.enabled: 0 -> 1',
      'vm.backup.schedule: 02:30 -> sun 01:00',
      'vm.backup (whom it backs up): 901 -> 900',
      'vm.backup.keep: keep-daily=7,keep-weekly=4 -> keep-last=2',
      'vm.backup.notify: not set -> ops@example.org',
    ]);
    expect(change?.steps.map(({ call }) => [call.method, call.path, call.params])).toEqual([
      [
        'PUT',
        '/cluster/backup/zebu-shop',
        {
          enabled: 1,
          schedule: 'sun 01:00',
          vmid: '900',
          'prune-backups': 'keep-last=2',
          mailto: 'ops@example.org',
          mailnotification: 'failure',
          'notification-mode': 'legacy-sendmail',
        },
      ],
    ]);
    const silent = backupJobChange(wish(), jobs({ ...OURS, mailto: 'ops@example.org' }), TARGET);
    expect(silent?.steps.map(({ call }) => call.params)).toEqual([
      { delete: 'mailto,mailnotification,notification-mode' },
    ]);
  });

  it('is taken away when it is asked for no more, and only it', () => {
    const foreign = { ...OURS, id: 'nightly', comment: '' };
    const change = backupJobChange(wish({ enabled: false }), jobs(foreign, OURS), TARGET);
    expect(change?.steps.map(({ call }) => [call.method, call.path])).toEqual([
      ['DELETE', '/cluster/backup/zebu-shop'],
    ]);
    expect(backupJobChange(wish({ enabled: false }), jobs(foreign), TARGET)).toBeUndefined();
  });

  it.each([
    ['the VM', { vmid: '100, 900' }],
    ['all', { all: 1 }],
    ['its pool', { pool: 'apps' }],
    ['all of its node', { all: 1, node: 'pve' }],
  ])('is not made where a job of somebody else backs up %s', (_, chosen) => {
    const all = jobs({ id: 'backup-1', schedule: 'daily', ...chosen });
    expect(backupJobChange(wish(), all, TARGET)).toBeUndefined();
    expect(foreignJobs(all, 'shop', TARGET)).toHaveLength(1);
  });

  it.each([
    ['another VM', { vmid: '9001' }],
    ['all but it', { all: 1, exclude: '900' }],
    ['another pool', { pool: 'web' }],
    ['what is on another node', { all: 1, node: 'other' }],
    ['nothing, being switched off', { all: 1, enabled: 0 }],
  ])('is made where one backs up %s', (_, chosen) => {
    const all = jobs({ id: 'backup-1', schedule: 'daily', ...chosen });
    expect(covers(all[0] as never, TARGET)).toBe(false);
    expect(backupJobChange(wish(), all, TARGET)?.steps[0]?.call.method).toBe('POST');
  });

  it('is known by its comment, and by its id where somebody has removed that', () => {
    const [own, renamed, other] = jobs(
      { ...OURS, comment: '' },
      { ...OURS, id: 'backup-7' },
      { ...OURS, comment: 'zebu-app-blog' },
    );
    expect([own, renamed, other].map((job) => isOwnJob(job as never, 'shop'))).toEqual([true, true, false]);
  });

  it('has an id that Proxmox takes, and one of its own, however long the app’s name is', () => {
    const long = `shop-${'x'.repeat(58)}`;
    expect(jobId(`${long}a`)).toMatch(/^[a-z][a-z0-9_-]{1,49}$/);
    expect(jobId(`${long}a`)).not.toBe(jobId(`${long}b`));
  });
});

describe('where backups are', () => {
  const row = (storage: string, type: string, more: object = {}) => ({ storage, type, content: 'backup', ...more });

  it('is rather off the host', () => {
    const rows = [
      row('local', 'dir'),
      row('nas', 'nfs', { shared: true }),
      row('pbs', 'pbs'),
      row('san', 'dir', { shared: true }),
    ];
    expect(rows.map(placeOf)).toEqual(['node', 'network', 'backup-server', 'network']);
    expect(
      backupStoragesOf([...rows, row('off', 'pbs', { active: false }), row('iso', 'nfs', { content: 'iso' })]).map(
        ({ storage }) => storage,
      ),
    ).toEqual(['pbs', 'nas', 'san', 'local']);
  });
});

describe('what is kept', () => {
  it('is what is asked for, and something where nothing is', () => {
    expect(pruneRule({})).toBe('keep-daily=7,keep-weekly=4');
    expect(pruneRule({ monthly: 6, last: 3 })).toBe('keep-last=3,keep-monthly=6');
  });
});

describe('how old the newest backup is, in words', () => {
  const job = { id: 'zebu-shop', ours: true, enabled: true, schedule: '02:30', storage: 'pbs', next: 1_790_000_000 };
  const newest = {
    backup: 'pbs:backup/vm/900/x',
    vmid: 900,
    time: 1,
    bytes: 1,
    notes: '',
    protected: false,
    storage: 'pbs',
    place: 'backup-server' as const,
  };

  it('says when the next one comes, and what is wrong', () => {
    const age = { jobs: [job], newest, seconds: 7200, maxSeconds: 172_800, tooOld: false };
    expect(backupText(age)).toBe('2 h ago on pbs, a backup server; next 2026-09-21 14:13 UTC');
    expect(backupText({ ...age, seconds: 200_000, tooOld: true })).toContain('TOO OLD (more than 2 d)');
    expect(backupText({ ...age, jobs: [], newest: null, seconds: null, tooOld: true })).toBe('NONE yet; by no job');
    expect(jobsText([{ ...job, enabled: false }])).toBe('its job is switched off');
  });
});
