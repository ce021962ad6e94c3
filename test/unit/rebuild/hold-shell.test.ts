/** What a machine does with the app by itself whose place another one takes. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { variables } from '@zebu/kit';
import HOLD from '../../../src/lib/rebuild/hold.sh';
import SERVE from '../../../src/lib/rebuild/serve-at-boot.sh';
import { gnuShells, runIn, standIns } from '../../support/shells.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'zebu-hold-'));
  mkdirSync(join(root, 'base'));
});
afterEach(() => rmSync(root, { recursive: true }));

const at = (...parts: readonly string[]): string => join(root, ...parts);
const said = (): string => (existsSync(at('said')) ? readFileSync(at('said'), 'utf8') : '');

interface Card {
  readonly carrier: '0' | '1';
  /** Of the kernel: 1 is Ethernet. */
  readonly type?: string;
  /** What the kernel has beside it: `device`, `bridge`, `brport`. */
  readonly has?: string;
}

/** What every machine has besides, and always with a carrier: a loop, a bridge of Docker, what is plugged into it, a tunnel. */
const BESIDES: Readonly<Record<string, Card>> = {
  lo: { carrier: '1', type: '772' },
  docker0: { carrier: '1', has: 'bridge' },
  veth1: { carrier: '1', has: 'brport' },
  wg0: { carrier: '1', type: '65534' },
};

function machineWith(own: Readonly<Record<string, Card>>): void {
  rmSync(at('net'), { recursive: true, force: true });
  for (const [name, { carrier, type = '1', has }] of Object.entries({ ...BESIDES, ...own })) {
    mkdirSync(at('net', name, has ?? ''), { recursive: true });
    writeFileSync(at('net', name, 'carrier'), `${carrier}\n`);
    writeFileSync(at('net', name, 'type'), `${type}\n`);
  }
}

/** One card, with its cable in or not. */
const cards = (carrier: '0' | '1'): void => machineWith({ eth0: { carrier, has: 'device' } });

const SERVICES = 'web';

describe.each(gnuShells())('in $name', { timeout: 60_000 }, (shell) => {
  const values = () => ({
    base: at('base'),
    project: `shop-${process.pid}`,
    cards: at('net'),
    holder: 'me',
    serve_program: 'exit',
    lock_wait: 1,
    patience: 5,
    leave: 1,
  });
  const env = (): Readonly<Record<string, string>> => ({ PATH: at('bin'), HOME: at('base') });
  const machine = (busy = false): void =>
    standIns(at('bin'), {
      docker: `case "$*" in *Compose*|*compose*' start '*) echo "start \${*##* start }" >>'${root}/said' ;; 'ps --filter'*) echo ${SERVICES} ;; esac`,
      // Time is not what is tried here.
      sleep: `echo "sleep $1" >>'${root}/said'; [ ! -f '${root}/plug' ] || { read -r card <'${root}/plug'; echo 1 >"$card"; }`,
      flock: `[ "$*" != '-w 300 6' ] || { [ -f /dev/fd/6 ] && ${busy ? 'false' : 'true'}; }`,
    });
  const hold = (input: string): string =>
    runIn(shell, `serve_at_boot() { :; }\n${variables(values())}${HOLD}`, { env: env(), input }).stdout;
  const boot = (): { readonly code: number | null } => runIn(shell, variables(values()) + SERVE, { env: env() });

  it('stops the app with no dump under way', () => {
    machine();
    cards('0');
    writeFileSync(at('plug'), `${at('net/eth0/carrier')}\n`);
    expect(hold('stop\n')).toBe('held\nstopped\n');
    expect(existsSync(at('base/data/lock'))).toBe(true);
    writeFileSync(at('base/data/lock'), '');
    expect(hold('stop\n')).toBe('held\nstopped\n');
  });

  it('leaves it running where a dump does not end', () => {
    machine(true);
    cards('1');
    expect(hold('stop\n')).toBe('held\nfailed\n');
    expect(existsSync(at('base/rebuild-stopped'))).toBe(false);
  });

  it.each([
    ['a card', { eth0: { carrier: '0', has: 'device' }, eth1: { carrier: '1', has: 'device' } }],
    ['the one end of a pair, as of a container', { eth0: { carrier: '1' } }],
  ] as const)('starts it again when nobody is heard any more and %s is plugged in', (_, own) => {
    machine();
    machineWith(own);
    expect(hold('stop\n')).toBe('held\nstopped\n');
    expect(said()).toBe('start web\n');
    expect(existsSync(at('base/rebuild-stopped'))).toBe(false);
    expect(existsSync(at('base/rebuild-serve'))).toBe(false);
  });

  it.each([
    ['the card is not', { eth0: { carrier: '0', has: 'device' }, dummy0: { carrier: '1' } }],
    ['there is none', {}],
  ] as const)('does not start it once it is up where %s plugged in', (_, own) => {
    machine();
    machineWith(own);
    writeFileSync(at('base/rebuild-stopped'), 'web\n');
    expect(boot()).toMatchObject({ code: 0 });
    expect(said()).not.toContain('start');
    expect(existsSync(at('base/rebuild-stopped'))).toBe(true);
  });

  it('waits for its cable first, as it is not the one that serves without', () => {
    machine();
    cards('0');
    writeFileSync(at('plug'), `${at('net/eth0/carrier')}\n`);
    expect(hold('stop\nleave\n')).toBe('held\nstopped\nleft\n');
    // Who has left it is given the time to unplug it.
    expect(said()).toBe('sleep 1\nstart web\n');
  });

  it('serves once it is up, and only then', () => {
    machine();
    cards('1');
    expect(boot()).toMatchObject({ code: 0 });
    expect(said()).toBe('');
    writeFileSync(at('base/rebuild-stopped'), 'web\n');
    expect(boot()).toMatchObject({ code: 0 });
    expect(said()).toBe('start web\n');
    expect(existsSync(at('base/rebuild-stopped'))).toBe(false);
  });
});
