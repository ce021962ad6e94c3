import { expect, it } from 'vitest';
import { configSchema } from '../../../src/lib/config/schema.js';
import { pullFinding } from '../../../src/lib/doctor/pull.js';
import { unitsFinding } from '../../../src/lib/doctor/units.js';
import type { SeenPull } from '../../../src/lib/pull/read.js';
import type { SeenUnit } from '../../../src/lib/units/seen.js';

const unit = (more: Partial<SeenUnit> = {}): SeenUnit => ({
  name: 'pull',
  files: { 'zebu-pull@shop.service': 'ok', 'zebu-pull@shop.timer': 'ok' },
  running: false,
  lastStart: 998,
  lastEnd: 1000,
  lastResult: 'success',
  lastStatus: 0,
  next: 1060,
  ...more,
});
const units = (more: Partial<SeenUnit> = {}, systemd = true) =>
  unitsFinding({ systemd, units: [unit(more)] }, 'shop', 1010, undefined);

it('says when what starts by itself ran last, how that ended, and when it comes again', () => {
  expect(units()).toMatchObject({ status: 'ok', detail: 'pull ran 10 s ago (success), next in 50 s' });
  expect(unitsFinding({ systemd: true, units: [] }, 'shop', 0, undefined).status).toBe('ok');
});

it('tells what is out of order, and what to do', () => {
  expect(units({ files: { 'zebu-pull@shop.timer': 'disabled' } })).toMatchObject({
    status: 'fail',
    code: 'VM_DIFFERS',
    detail: 'zebu-pull@shop.timer is disabled',
    remedy: 'Put it right: zebu vm:apply',
  });
  expect(units({ lastResult: 'timeout' })).toMatchObject({
    status: 'warn',
    remedy: expect.stringContaining('journalctl -n 20 -u zebu-pull@shop.service') as string,
  });
  expect(units({}, false)).toMatchObject({ status: 'warn' });
});

const seen: SeenPull = {
  ...{
    since: null,
    repository: 'git@x:y',
    tags: 'v*',
    branch: null,
    every: 60,
    signedBy: [],
    key: null,
    planHash: null,
  },
  ...{ trouble: null, run: null, refused: [], time: 1010, waiting: false },
  looked: { at: 1000, state: 'live', ref: 'v1', commit: null, why: 'v1 is live' },
};
const pull = (found: SeenPull | undefined, section = {}) =>
  pullFinding({ config: configSchema.parse({ app: { name: 'shop' }, ...section }) }, found);

it('says what pull deploys saw last', () => {
  expect(pull(undefined).status).toBe('skip');
  expect(pull(undefined, { pull: { signed_by: 'none' } })).toMatchObject({
    status: 'warn',
    remedy: 'zebu pull:enable',
  });
  expect(pull(seen)).toMatchObject({ status: 'ok', detail: 'the git server lets it in; looked 10 s ago: v1 is live' });
  expect(pull({ ...seen, time: 2000 })).toMatchObject({ status: 'warn' });
  expect(pull({ ...seen, looked: null })).toMatchObject({ status: 'warn' });
  const away = (cause: string): SeenPull => ({ ...seen, trouble: { cause, since: 1, times: 1, next: 2 } });
  expect(pull(away('key-refused'))).toMatchObject({ status: 'fail', code: 'AUTH_FAILED' });
  expect(pull(away('away'))).toMatchObject({ status: 'fail', code: 'UNREACHABLE' });
});
