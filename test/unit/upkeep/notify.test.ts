/** The program that tells people, in real shells, with stand-ins for what sends. */
import { createHmac } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { variables } from '@zebu/kit';
import { DEFAULT_EVENTS, type Receiver } from '../../../src/lib/config/notify-declaration.js';
import type { NotifyEvent } from '../../../src/lib/config/notify-events.js';
import { webhookMessage } from '../../../src/lib/upkeep/results.js';
import { notifyProgram } from '../../../src/lib/upkeep/notify/unit.js';
import EVENT from '../../../src/lib/units/event.sh';
import { allShells, runIn, standIns } from '../../support/shells.js';

const URL_SECRET = 'https://hooks.example.org/a-path-nobody-knows?token=5kd9Zq"\\x';
const KEY = 'signing-key-of-the-desk-73hD82ka';
const APPRISE = 'ntfys://tk_Zk28dhsK29skdjA@ntfy.example.org/alarm';
const desk: Receiver = { name: 'desk', webhook: 'HOOK_URL', key: 'HOOK_KEY', events: ['deployed', ...DEFAULT_EVENTS] };
const phone: Receiver = { name: 'phone', apprise: 'NTFY_URL', events: [...DEFAULT_EVENTS] };

/** What lies in memory is called after it, and is nobody else's on this machine. */
const app = `shop-${process.pid}`;

describe.each(allShells())('in $name, who is told', { timeout: 60_000 }, (shell) => {
  let base: string;
  let bin: string;
  const at = (path: string): string => join(base, path);
  const read = (path: string): string => readFileSync(at(path), 'utf8');
  const lines = (path: string): readonly string[] => (existsSync(at(path)) ? read(path).trim().split('\n') : []);
  /** curl answers with `status`; what it was given is kept. */
  const answers = (status: string, apprise = 'exit 0'): void =>
    standIns(bin, {
      curl: `cat >>'${base}/curl.conf'; tr '\\0' ' ' </proc/$$/cmdline >>'${base}/argv'; for each; do case $each in @*) cat "\${each#@}" >>'${base}/bodies'; echo >>'${base}/bodies' ;; esac; done; printf '%s' '${status}'; [ '${status}' != 000 ] || { echo 'curl: (7) Failed to connect to hooks.example.org' >&2; exit 7; }`,
      apprise: `tr '\\0' ' ' </proc/$$/cmdline >>'${base}/argv'; for each; do case $each in --config=*) cat "\${each#*=}" >>'${base}/urls'; stat -c %a "\${each#*=}" >>'${base}/modes' ;; --title=*) echo "\${each#*=}" >>'${base}/titles' ;; esac; done; cat >>'${base}/texts'; ${apprise}`,
    });
  const bodies = (): readonly ReturnType<typeof webhookMessage.parse>[] =>
    lines('bodies').map((line) => webhookMessage.parse(JSON.parse(line)));
  /** One run of the unit, which does not wait for what fails, and but a moment for what comes in a burst. */
  const run = (...receivers: readonly Receiver[]): string => {
    const { code, stderr } = runIn(shell, variables({ app, base, user: 'me' }) + notifyProgram(receivers, 0, 0.1), {
      env: { PATH: bin },
    });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    return stderr;
  };
  const happens = (kind: string, members = '"reason":"x"', times = 1): void => {
    const script = `${EVENT}i=0; while [ $i -lt "$4" ]; do i=$((i+1)); event "$1" "$2" "$3,\\"n\\":$i"; done`;
    expect(runIn(shell, script, { args: [base, kind, members, String(times)] }).stderr).toBe('');
  };
  /** The first attempt after one that failed is due. */
  const later = (name: string): void => {
    const words = read(`notify/state/${name}`).split(' ');
    words[3] = '1';
    writeFileSync(at(`notify/state/${name}`), words.join(' '));
  };

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'zebu-notify-'));
    bin = join(base, 'bin');
    for (const each of ['notify', 'events', 'units', 'shared/secrets']) mkdirSync(at(each), { recursive: true });
    writeFileSync(at('units/notify'), '');
    writeFileSync(at('units/notify.sum'), 'sum\n');
    utimesSync(at('units/notify'), 1, 1);
    writeFileSync(at('shared/secrets/2.env'), `HOOK_URL='old'\n`);
    writeFileSync(
      at('shared/secrets/10.env'),
      `HOOK_URL="${URL_SECRET.replaceAll(/["\\]/g, '\\$&')}"\nHOOK_KEY='${KEY}'\nNTFY_URL='${APPRISE}'\nDB='pa55w0rd-of-the-database'\n`,
    );
    answers('204');
  });
  afterEach(() => rmSync(base, { recursive: true }));

  it('is sent JSON that is signed, and nothing secret is an argument or stays', () => {
    happens(
      'failed',
      '"ref":"v1","commit":"1a2b3c4d5e","who":"Ann","from":"laptop","seconds":75,"verdict":"refused","reason":"the build said pa55w0rd-of-the-database \\"x\\""',
    );
    run(desk);
    const [body] = bodies();
    expect(body).toMatchObject({
      app,
      event: 'failed',
      title: `${app}: v1 (1a2b3c4) was refused; nothing was changed`,
    });
    expect(body?.text).toBe('the build said [redacted] "x". By Ann from laptop, after 1 min.');
    expect(body?.details).toMatchObject({ ref: 'v1', seconds: 75, reason: 'the build said [redacted] "x"' });
    const config = read('curl.conf');
    expect(config).toContain(`url = "${URL_SECRET.replaceAll(/["\\]/g, '\\$&')}"`);
    const header = (name: string): string => new RegExp(`header = "${name}: (.*)"`).exec(config)?.[1] ?? '';
    expect(header('webhook-id')).toBe(body?.id);
    expect(Math.abs(Number(header('webhook-timestamp')) - Date.now() / 1000)).toBeLessThan(60);
    const signed = `${header('webhook-id')}.${header('webhook-timestamp')}.${lines('bodies')[0] ?? ''}`;
    expect(header('webhook-signature')).toBe(`v1,${createHmac('sha256', KEY).update(signed).digest('base64')}`);
    expect(read('argv')).not.toMatch(/hooks\.example|signing-key/);
    const kept = runIn(shell, `cd "$1" && cat notify/* notify/*/* notify/*/*/* units/* 2>/dev/null`, { args: [base] });
    for (const secret of ['nobody-knows', KEY, APPRISE, 'pa55w0rd']) expect(kept.stdout).not.toContain(secret);
    expect(existsSync(at('notify/pending'))).toBe(false);
    expect(existsSync(at('events/new'))).toBe(false);
  });

  it.each([
    ['longer than a block', 'k'.repeat(100), Buffer.from('k'.repeat(100))],
    ['of Standard Webhooks', 'whsec_AAEC/wAK', Buffer.from('AAEC/wAK', 'base64')],
  ])('signs with a key %s', (_, value, key) => {
    writeFileSync(at('shared/secrets/11.env'), `HOOK_URL='https://a.example'\nHOOK_KEY='${value}'\n`);
    happens('down');
    run(desk);
    const [, id, time, signature] = /webhook-id: (.*)"\n.*timestamp: (.*)"\n.*v1,(.*)"/.exec(read('curl.conf')) ?? [];
    const signed = `${id ?? ''}.${time ?? ''}.${lines('bodies')[0] ?? ''}`;
    expect(signature).toBe(createHmac('sha256', key).update(signed).digest('base64'));
  });

  it('is told by apprise, whose addresses are in a file of its own', () => {
    happens('down', '"reason":"db has exited"');
    run(phone);
    expect(lines('titles')).toEqual([`${app}: DOWN`]);
    expect(lines('texts')).toEqual(['db has exited.']);
    expect(lines('urls')).toEqual([APPRISE]);
    expect(lines('modes')).toEqual(['600']);
    expect(read('argv')).not.toContain('tk_Zk');
  });

  it('is told only of what was wanted, and of the end of what had begun', () => {
    const only = (...events: NotifyEvent[]): Receiver => ({ ...desk, events });
    happens('deployed');
    happens('unhealthy');
    happens('up', '"was":"unhealthy","seconds":61');
    happens('down');
    happens('up', '"was":"unhealthy down","seconds":7200');
    happens('disk-over', '"seconds":5');
    happens('pull-back', '"repository":"x"');
    run(only('down', 'disk', 'pull-away'));
    expect(bodies().map(({ event }) => event)).toEqual(['down', 'up', 'disk-over', 'pull-back']);
    expect(bodies()[1]?.text).toBe('After 2 h 0 min.');
    rmSync(at('bodies'));
    happens('up', '"was":"unhealthy","seconds":61');
    run(only('up'));
    expect(bodies().map(({ event }) => event)).toEqual(['up']);
  });

  it('is told once, in order, also when the file of events has gone on', () => {
    happens('down');
    run(desk);
    happens('up', '"was":"down","seconds":1');
    run(desk);
    run(desk);
    expect(bodies().map(({ event }) => event)).toEqual(['down', 'up']);
    // What was taken last is not in it any more: goes by the time.
    writeFileSync(at('events/events.jsonl'), '{"t":5,"event":"down","n":1}\n{"t":4000000000,"event":"down","n":2}\n');
    run(desk);
    expect(bodies().map(({ details }) => details['n'])).toEqual([1, 1, 2]);
  });

  it('is not told of what was before it was asked for', () => {
    happens('down');
    utimesSync(at('units/notify'), 4_000_000_000, 4_000_000_000);
    run(desk);
    expect(bodies()).toEqual([]);
  });

  it('is tried again with the same id until it arrives, over a restart, and not at once', () => {
    answers('500');
    happens('down');
    run(desk);
    expect(existsSync(at('notify/pending'))).toBe(true);
    expect(read('notify/state/desk.said')).toBe('it answered 500: \n');
    const [first] = bodies();
    run(desk);
    expect(bodies()).toHaveLength(1);
    later('desk');
    answers('000');
    run(desk);
    expect(read('notify/state/desk.said')).toMatch(/^it cannot be reached: Failed to connect/);
    expect(read('notify/state/desk.said')).not.toContain('hooks.example.org/a-path');
    later('desk');
    answers('200');
    happens('up', '"was":"down","seconds":9');
    run(desk);
    expect(bodies().map(({ id }) => id)).toEqual([first?.id, first?.id, first?.id, expect.any(String)]);
    expect(bodies().at(-1)?.event).toBe('up');
    expect(existsSync(at('notify/pending'))).toBe(false);
    expect(existsSync(at('notify/state/desk.said'))).toBe(false);
  });

  it('does not hold up the others while one is away', () => {
    answers('500');
    happens('down');
    run(desk, phone);
    expect(lines('titles')).toEqual([`${app}: DOWN`]);
  });

  it('is spared a storm, and told how much more there was when the hour is over', () => {
    happens('pull-refused', '"ref":"v1","reason":"unsigned"', 30);
    happens('down');
    run(desk);
    expect(bodies()).toHaveLength(20);
    expect(existsSync(at('notify/pending'))).toBe(true);
    const words = read('notify/state/desk').trim().split(' ');
    words[5] = String(Number(words[5]) - 3600);
    writeFileSync(at('notify/state/desk'), words.join(' '));
    run(desk);
    expect(bodies()).toHaveLength(21);
    expect(bodies().at(-1)).toMatchObject({
      event: 'more',
      title: `${app}: and 11 more within the hour`,
      text: '1 x down, 10 x pull-refused.',
    });
    expect(existsSync(at('notify/pending'))).toBe(false);
  });

  it('has 200 wait at most, the newest, and none for longer than three days', () => {
    answers('500');
    mkdirSync(at('notify/queue/desk'), { recursive: true });
    mkdirSync(at('notify/state'), { recursive: true });
    for (let n = 1; n <= 200; n++)
      writeFileSync(
        at(`notify/queue/desk/${String(n).padStart(10, '0')}`),
        `{"t":4000000000,"event":"down","n":${n}}\n`,
      );
    writeFileSync(at('notify/number'), '200\n');
    happens('unhealthy');
    run(desk);
    expect(readdirSync(at('notify/queue/desk'))).toHaveLength(200);
    expect(read('notify/state/desk').split(' ')[4]).toBe('1');
    rmSync(at('notify/queue/desk'), { recursive: true });
    mkdirSync(at('notify/queue/desk'));
    writeFileSync(at('notify/queue/desk/0000000001'), '{"t":5,"event":"down"}\n');
    later('desk');
    run(desk);
    expect(readdirSync(at('notify/queue/desk'))).toEqual([]);
    expect(bodies()).toHaveLength(1);
  });

  it('is tested at once, though it failed before, and whoever asked finds what came back', () => {
    answers('500', "echo '2026-01-01 - ERROR - Failed to send to ntfy: 403'; exit 1");
    happens('test', '"to":"","test":"abc1","who":"Ann"');
    run(desk, phone);
    expect(read('notify/tests/abc1/desk')).toBe('it answered 500: \n');
    expect(read('notify/tests/abc1/phone')).toContain('apprise: ');
    answers('204');
    happens('test', '"to":"desk","test":"abc2","who":"Ann"');
    run(desk, phone);
    expect(read('notify/tests/abc2/desk')).toBe('ok\n');
    expect(existsSync(at('notify/tests/abc2/phone'))).toBe(false);
  });

  it('is said what is missing: a secret, a program, an address', () => {
    writeFileSync(at('shared/secrets/11.env'), `HOOK_URL='ftp://x'\nHOOK_KEY='k'\n`);
    happens('down');
    run(desk, phone);
    expect(read('notify/state/desk.said')).toBe('HOOK_URL is no address that begins with https://\n');
    expect(read('notify/state/phone.said')).toBe('there is no value of NTFY_URL in the VM: zebu secrets:sync\n');
  });

  it('goes on waiting with what there is, and is woken by what happens', () => {
    answers('500');
    happens('down');
    // It is looked at again after an event, and ends where another program is on record.
    const script = `( sleep 0.5; : >"${base}/events/new"; while [ -e "${base}/events/new" ]; do sleep 0.1; done; echo other >"${base}/units/notify.sum" ) >/dev/null 2>&1 &\n`;
    const program = script + variables({ app, base, user: 'me' }) + notifyProgram([desk], 20, 0.1);
    expect(runIn(shell, program, { env: { PATH: bin } }).code).toBe(0);
    expect(existsSync(at('notify/pending'))).toBe(true);
    expect(existsSync(at('events/new'))).toBe(false);
  });
});
