import { expect, it } from 'vitest';
import { canonical, pretty } from '../../../plugins/lab/src/host/perl-json.js';
import { resultText } from '../../../plugins/lab/src/host/table.js';

it('prints an object as keys and values', () => {
  const returns = { type: 'object', properties: { release: {}, console: { optional: true } } };
  expect(resultText({ release: '9.2' }, returns, {})).toBe(
    [
      '+---------+-------+',
      '| key     | value |',
      '+=========+=======+',
      '| release | 9.2   |',
      '+---------+-------+',
      '',
    ].join('\n'),
  );
});

it('prints a list with what is always there first, in the order of its first column, each as it is read', () => {
  const returns = {
    type: 'array',
    items: 'object',
    properties: {
      cpu: { optional: true, type: 'number', renderer: 'fraction_as_percentage' },
      mem: { optional: true, type: 'integer', renderer: 'bytes', title: 'Memory' },
      vmid: { type: 'integer' },
    },
  } as const;
  const rows = [
    { vmid: 1000, cpu: 0.5, mem: 1024 ** 3 },
    { vmid: 200, mem: 5 },
  ];
  expect(resultText(rows, returns, { border: false })).toBe(
    ['vmid cpu    Memory', '200         5.00 B', '1000 50.00% 1.00 GiB', ''].join('\n'),
  );
  expect(resultText(rows, returns, { border: false, header: false, raw: true })).toBe(
    '200      5\n1000 0.5 1073741824\n',
  );
  expect(resultText([], returns, {})).toBe('');
});

it('prints JSON as Perl does: keys in order, no more digits than fifteen', () => {
  const value = { b: 0.1 + 0.2, a: [{ y: 1, x: null }], c: 183120647880738 };
  expect(canonical(value)).toBe('{"a":[{"x":null,"y":1}],"b":0.3,"c":183120647880738}');
  expect(pretty({ pid: 3959, none: {} })).toBe('{\n   "none" : {},\n   "pid" : 3959\n}\n');
});
