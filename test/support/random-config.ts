import type { Rule } from '../../src/lib/config/rules.js';

/** Picks a whole number below another; the same ones again for the same seed. */
export function picker(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Pick = ReturnType<typeof picker>;

/** What is right somewhere in zebu.yml, or nearly. */
const TEXTS = [
  'web',
  'API_TOKEN',
  'a',
  'shop-db-1',
  'compose.yml',
  '/var/lib/x',
  '../x',
  '10.0.0.1',
  '10.0.0.0/8',
  '10.0.0.0/64',
  '::1',
  'fd00::/8',
  '999.1.1.1',
  'https://example.org',
  'https://example.org/a b',
  'http://x',
  'ftp://x.org',
  'HTTP://X.org',
  'https:x.org',
  ' https://x.org',
  'https://[::1]/',
  'mailto:a@b.c',
  'ops@example.org',
  '02:30',
  '1d',
  '90s',
  '2h',
  '99999h',
  '443',
  '8000-8010',
  '9-1',
  '53/udp',
  'dhcp',
  'auto',
  'internal',
  'off',
  'none',
  'never',
  'rolling',
  'zebu-copy-of-shop',
  'example.org',
  '*.example.org',
  'sha256:' + 'a'.repeat(64),
  'alphanumeric',
  'abcdefghij',
  'caddy:2',
  'v*',
  '',
  ' ',
  'x\ny',
  'ü',
  '__proto__x',
  '$x',
];
const NUMBERS = [
  0,
  1,
  2,
  3,
  10,
  60,
  80,
  100,
  443,
  576,
  1024,
  4094,
  65_535,
  65_536,
  86_400,
  86_401,
  0.5,
  -1,
  1e9,
  2 ** 53,
  Number.NaN,
  Infinity,
];
const ANYTHING: readonly unknown[] = [null, true, false, [], {}, [null], { x: 1 }, ...TEXTS, ...NUMBERS];

const oneOf = <T>(pick: Pick, all: readonly T[]): T => all[pick(all.length)] as T;

const within = (rule: Rule & { is: 'number' }, value: number): boolean =>
  (rule.bounds ?? []).every(([side, limit]) => (side === 'above' ? value >= limit : value <= limit));

/** Text that meets a rule, most often. */
function text(pick: Pick, { patterns = [] }: Rule & { is: 'string' }): string {
  const fitting = TEXTS.filter((each) => patterns.every(([source, flags]) => new RegExp(source, flags).test(each)));
  return oneOf(pick, fitting.length > 0 && pick(12) > 0 ? fitting : TEXTS);
}

/** A value of which most is as the rule has it, and some is not; `wrong` in a hundred parts are anything. */
export function madeUp(pick: Pick, rule: Rule, wrong: number): unknown {
  if (pick(100) < wrong) return structuredClone(oneOf(pick, ANYTHING));
  switch (rule.is) {
    case 'any':
      return structuredClone(oneOf(pick, ANYTHING));
    case 'boolean':
      return pick(2) === 0;
    case 'string':
      return text(pick, rule);
    case 'url':
    case 'ipv6':
      return oneOf(pick, TEXTS);
    case 'number': {
      const fitting = NUMBERS.filter((each) => within(rule, each) && (rule.whole !== true || Number.isInteger(each)));
      return oneOf(pick, fitting.length > 0 && pick(12) > 0 ? fitting : NUMBERS);
    }
    case 'one of':
      return oneOf(pick, rule.values);
    case 'list':
      return Array.from({ length: pick(4) }, () => madeUp(pick, rule.of, wrong));
    case 'map': {
      const names = Object.keys(rule.keys).filter((name) => rule.keys[name]?.is !== 'optional' || pick(4) === 0);
      const result: Record<string, unknown> = {};
      for (const name of names) {
        const of = rule.keys[name] as Rule;
        if ((of.is === 'default' || of.is === 'optional') && pick(2) === 0) continue;
        result[name] = madeUp(pick, of, wrong);
      }
      if (pick(100) < wrong) result[oneOf(pick, ['more', 'name', 'toString', 'constructor'])] = oneOf(pick, ANYTHING);
      return result;
    }
    case 'record':
      return Object.fromEntries(
        Array.from({ length: pick(3) }, () => [String(madeUp(pick, rule.names, wrong)), madeUp(pick, rule.of, wrong)]),
      );
    case 'either':
      return madeUp(pick, oneOf(pick, rule.of), wrong);
    case 'nullable':
      return pick(4) === 0 ? null : madeUp(pick, rule.of, wrong);
    case 'optional':
    case 'default':
      return madeUp(pick, rule.of, wrong);
  }
}
