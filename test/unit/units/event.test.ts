import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import EVENT from '../../../src/lib/units/event.sh';
import { allShells, runIn } from '../../support/shells.js';

it.each(allShells())('in $name what happened is kept, a JSON line each, however many write at once', (shell) => {
  const base = mkdtempSync(join(tmpdir(), 'zebu-events-'));
  try {
    const said = 'a "quoted" \\ word\n and a line';
    const many =
      'for i in 1 2 3 4 5 6 7 8 9; do event "$1" refused "\\"ref\\":\\"v$i\\",\\"reason\\":\\"$(json_text "$2")\\"" & done; wait';
    expect(runIn(shell, `${EVENT}${many}`, { args: [base, said] }).stderr).toBe('');
    const lines = readFileSync(join(base, 'events/events.jsonl'), 'utf8').trim().split('\n');
    const events = lines.map((line) => JSON.parse(line) as { event: string; ref: string; reason: string; t: number });
    expect(events.map(({ ref }) => ref).toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `v${n}`));
    expect(events[0]).toMatchObject({ event: 'refused', reason: 'a "quoted" \\ word  and a line' });
    expect(existsSync(join(base, 'events/new'))).toBe(true);
    runIn(shell, `${EVENT}for i in $(seq 1 6); do event "$1" x '"n":'$i; done`, { args: [base] });
    expect(readFileSync(join(base, 'events/events.jsonl'), 'utf8').trim().split('\n')).toHaveLength(15);
    // The last ones are kept.
    writeFileSync(join(base, 'events/events.jsonl'), Array.from({ length: 520 }, (_, n) => `{"n":${n}}\n`).join(''));
    runIn(shell, `${EVENT}event "$1" x '"n":520'`, { args: [base] });
    const kept = readFileSync(join(base, 'events/events.jsonl'), 'utf8').trim().split('\n');
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([500, '{"n":21}', expect.stringContaining('"n":520')]);
  } finally {
    rmSync(base, { recursive: true });
  }
});
