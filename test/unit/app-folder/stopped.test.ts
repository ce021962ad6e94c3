/** Who is stopped on purpose, as app:stop writes it down and everybody reads it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { variables } from '@zebu/kit';
import type { ServiceState } from '../../../src/lib/app-folder/results.js';
import { parseStatus, stateWord } from '../../../src/lib/app-folder/services.js';
import STOPPED from '../../../src/lib/app-folder/stopped.sh';
import { runIn, vmShells } from '../../support/shells.js';

const BEFORE = '2026-11-28T12:00:00.5Z';
const AFTER = '2026-11-28T13:00:00.5Z';

describe.each(vmShells())('what is stopped on purpose, in $name', (shell) => {
  let base: string;
  beforeEach(() => (base = mkdtempSync(join(tmpdir(), 'zebu-stopped-'))));
  afterEach(() => rmSync(base, { recursive: true }));

  const file = (): string => join(base, 'stopped');
  const run = (script: string): number | null =>
    runIn(shell, `${variables({ base, project: 'shop' })}${STOPPED}\n${script}`).code;

  it('is written down a container, with the time since when it had run', () => {
    const docker = `docker() { case $1 in ps) echo a b ;; inspect) [ "$4 $5" = 'a b' ] && echo 'web|${BEFORE}' ;; esac; }
timeout() { shift; "$@"; }`;
    expect(run(`${docker}\nnote_stopped web`)).toBe(0);
    expect(readFileSync(file(), 'utf8')).toBe(`web|${BEFORE}\n`);
  });

  it('is forgotten by name, and the file with the last', () => {
    writeFileSync(file(), `web|${BEFORE}\nweb-2|${BEFORE}\nold\n`);
    expect(run('forget_stopped web none')).toBe(0);
    expect(readFileSync(file(), 'utf8')).toBe(`web-2|${BEFORE}\nold\n`);
    expect(run('forget_stopped old web-2')).toBe(0);
    expect(existsSync(file())).toBe(false);
    expect(run('forget_stopped web')).toBe(0);
  });
});

describe('what exited', () => {
  const service = (stopped: string, started: string) => {
    const container = { service: 'web', oneoff: 'False', name: '/shop-web-1', state: 'exited', exit: 1 };
    const more = { restarts: 0, oom: false, started, image: 'i', imageId: 'i', hash: 'h', check: false };
    const rest = { health: 'unhealthy', policy: 'always', ports: null, bindings: null };
    const line = JSON.stringify({ ...container, ...more, ...rest });
    return parseStatus(`stopped=${stopped}\ncontainer=${line}\n`).services[0];
  };
  const exited = (stopped: string, started: string): string | undefined => service(stopped, started)?.verdict;
  const word = (stopped: string): string => stateWord(service(stopped, BEFORE) as ServiceState);

  it('is not called unhealthy for what its last check said', () => {
    expect(word(`web|${BEFORE}`)).toBe('stopped');
    expect([word(''), service('', BEFORE)?.health]).toEqual(['exited', 'none']);
  });

  it('was stopped on purpose, unless somebody has started it since', () => {
    expect(exited(`web|${BEFORE}`, BEFORE)).toBe('stopped');
    expect(exited(`web|${BEFORE}`, AFTER)).toBe('bad');
    expect(exited(`web-2|${BEFORE}`, BEFORE)).toBe('bad');
  });

  it('was so for whatever it had, as an older zebu wrote it down', () => {
    expect(exited('web', AFTER)).toBe('stopped');
  });
});
