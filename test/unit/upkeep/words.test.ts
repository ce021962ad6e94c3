import { expect, it } from 'vitest';
import { variables } from '@zebu/kit';
import { NOTIFY_EVENTS } from '../../../src/lib/config/notify-events.js';
import WORDS from '../../../src/lib/upkeep/notify/words.awk';
import { inEachShell, runIn } from '../../support/shells.js';

const say = (event: Readonly<Record<string, unknown>>): readonly string[] =>
  inEachShell((shell) =>
    runIn(shell, `${variables({ words: WORDS })}awk -v app=shop "$words"`, {
      input: `${JSON.stringify({ t: 1, ...event })}\n`,
    })
      .stdout.trimEnd()
      .split('\n'),
  );
const release = { ref: 'v1', commit: 'abcdef0123', subject: 'Say "no" \\ more', who: 'Ann', from: 'ci', seconds: 4000 };

it.each([
  ...Object.keys(NOTIFY_EVENTS),
  'pull-back',
  'disk-over',
  'certificate-over',
  'proof-over',
  'reboot-over',
  'drifted-over',
  'more',
])('there are words for %s', (event) => {
  const [type, title, ...text] = say({ event, ...release, reason: 'because', count: 3 });
  expect(['info', 'success', 'warning', 'failure']).toContain(type);
  expect(title).toMatch(/^shop: ./);
  expect(title).not.toBe(`shop: ${event}`);
  expect(text.length).toBeLessThan(2);
});

it.each<[Readonly<Record<string, unknown>>, readonly string[]]>([
  [
    { event: 'deployed', ...release, mode: 'deploy', reason: '' },
    ['success', 'shop: v1 (abcdef0) is live', 'Say "no" \\ more. By Ann from ci, after 1 h 6 min.'],
  ],
  [
    { event: 'deployed', ...release, mode: 'rollback' },
    ['success', 'shop: v1 (abcdef0) is live again', expect.any(String) as string],
  ],
  [{ event: 'deployed', mode: 'secrets', who: 'Bo' }, ['success', 'shop: other secrets are in use', 'By Bo.']],
  [
    { event: 'failed', ref: 'v1', verdict: 'unhealthy', reason: 'web is unhealthy' },
    ['failure', 'shop: v1 failed, and the app is NOT HEALTHY', 'web is unhealthy.'],
  ],
  [
    { event: 'healed', service: 'web', reason: 'web was unhealthy', failed: 'no' },
    ['info', 'shop: web could not be restarted', 'web was unhealthy. no.'],
  ],
  [{ event: 'up', was: 'down', seconds: 172_800 }, ['success', 'shop: well again', 'After 2 days.']],
  [{ event: 'of-tomorrow', reason: 'x' }, ['info', 'shop: of-tomorrow', 'x.']],
])('%o is said so', (event, lines) => {
  expect(say(event)).toEqual(lines);
});
