import { expect, it } from 'vitest';
import { notifyFinding } from '../../../src/lib/doctor/notify.js';
import { unitsFinding } from '../../../src/lib/doctor/units.js';
import { parseReceiverStates } from '../../../src/lib/upkeep/notify/state.js';

it('says how it stands with those who are told', () => {
  const states = parseReceiverStates(
    [
      'receiver=desk 900 0 0 0 0 900 1 0 ',
      'receiver=phone 100 940 3 999 2 900 1 4 it answered 503: away',
      'receiver=gone 1 1',
      'nonsense',
    ].join('\n'),
  );
  expect(states.map(({ name, why }) => [name, why])).toEqual([
    ['desk', ''],
    ['phone', 'it answered 503: away'],
  ]);
  expect(notifyFinding(['desk', 'new'], states, 1000)).toMatchObject({
    status: 'ok',
    detail: 'desk was told 1 min 40 s ago; new was not sent anything yet',
  });
  expect(notifyFinding(['desk', 'phone'], states, 1000)).toMatchObject({
    status: 'warn',
    detail:
      'desk was told 1 min 40 s ago; phone was not reached 1 min ago, 4 waiting, 2 dropped: it answered 503: away',
    remedy: 'Once it is put right: zebu notify:test',
  });
});

it('says what zebu.yml asks for and the VM does not have', () => {
  const change = { install: [], remove: ['watch'] };
  expect(unitsFinding({ systemd: true, units: [] }, 'shop', 0, change)).toMatchObject({
    status: 'fail',
    code: 'VM_DIFFERS',
    detail: 'the VM is with watch',
  });
  expect(unitsFinding({ systemd: true, units: [] }, 'shop', 0, undefined).status).toBe('ok');
});
