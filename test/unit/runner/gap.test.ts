import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import GAP from '../../../src/lib/runner/gap.sh';
import { inEachShell, runIn } from '../../support/shells.js';

/** @param events `seconds service container action` */
function gaps(before: readonly string[], events: readonly string[], now: readonly string[]): unknown {
  const work = mkdtempSync(join(tmpdir(), 'zebu-gap-'));
  try {
    writeFileSync(join(work, 'before'), before.map((line) => `${line}\n`).join(''));
    const nanoseconds = events.map((line) =>
      line.replace(/^[\d.]+/, (seconds) => `${1_795_000_000_000 + Number(seconds) * 1000}000000`),
    );
    writeFileSync(join(work, 'events'), nanoseconds.map((line) => `${line}\n`).join(''));
    const script = `work=${work} watcher=\n${GAP}\nclock_was_set() { false; }\ninspect() { cat <<'E'\n${now.join('\n')}\nE\n}\nmeasure_gap; printf '%s' "$gap"`;
    return JSON.parse(`{${inEachShell((shell) => runIn(shell, script)).stdout}}`);
  } finally {
    rmSync(work, { recursive: true });
  }
}

const line = (service: string, checked: boolean, lasting = true): string =>
  `${service}|running|${checked ? 'healthy' : ''}|0|0|false|x|${lasting ? 'stays' : 'ends'}|/${service}-1`;

describe('how long nobody answered', () => {
  it('is from the signal to stop until the new one is healthy', () => {
    const events = ['10 web old kill', '11 web old die', '12.0 web new start', '13.5 web new health_status: healthy'];
    expect(gaps(['web old'], events, [line('web', true)])).toEqual({ web: 3.5 });
  });

  it('ends with the start where nothing tells more', () => {
    expect(gaps(['web old'], ['10 web old die', '12 web new start'], [line('web', false)])).toEqual({ web: 2 });
  });

  it('is nothing where the new one was healthy before the old one stopped', () => {
    const events = ['10 web new start', '12 web new health_status: healthy', '13 web old kill', '14 web old die'];
    expect(gaps(['web old'], events, [line('web', true)])).toEqual({ web: 0 });
  });

  it('is the same in the words of the engine, whatever labels say', () => {
    const event = (seconds: number, id: string, action: string): string =>
      JSON.stringify({
        status: action,
        id,
        from: 'x',
        Type: 'container',
        Action: action,
        Actor: {
          ID: id,
          Attributes: {
            Action: 'die',
            ID: 'x',
            'com.docker.compose.service': 'web',
            timeNano: '1',
            z: '"Action":"die"',
          },
        },
        scope: 'local',
        time: 1_795_000_000 + seconds,
        timeNano: 0,
      }).replace(/"timeNano":0\}$/, `"timeNano":${1_795_000_000 + seconds}000000000}`);
    const events = [
      event(10, 'old', 'kill'),
      event(11, 'old', 'die'),
      event(12, 'new', 'start'),
      event(14, 'new', 'health_status: healthy'),
    ];
    expect(gaps(['web old'], events, [line('web', true)])).toEqual({ web: 4 });
  });

  it('says nothing of what was not there, not touched, or a one-shot', () => {
    const events = ['10 new a start', '11 migrate m die', '12 db d health_status: healthy'];
    expect(
      gaps(['db d', 'migrate m'], events, [line('db', true), line('new', false), line('migrate', false, false)]),
    ).toEqual({});
  });
});
