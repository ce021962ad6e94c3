import { describe, expect, it } from 'vitest';
import { BUILT_IN_PIN } from '../../../../src/lib/vm/provision/community-script/pin.js';
import type { ScriptReview } from '../../../../src/lib/vm/results.js';
import { showReview } from '../../../../src/lib/vm/provision/community-script/show.js';

const review: ScriptReview = {
  pin: BUILT_IN_PIN,
  pinnedBy: 'zebu itself',
  source: 'community-scripts/ProxmoxVE',
  current: { commit: 'a'.repeat(40), files: {} },
  unreachable: null,
  changed: [],
  diff: null,
  differences: [],
  recorded: false,
};

function shown(changes: Partial<ScriptReview>, diff = false): readonly string[] {
  const lines: string[] = [];
  showReview({ ...review, ...changes }, { out: (line) => lines.push(line) }, { diff });
  return lines;
}

describe('vm:script', () => {
  it('says what is pinned and that upstream is the same', () => {
    expect(shown({})[0]).toBe(`pinned    commit ${BUILT_IN_PIN.commit ?? ''}, recorded 2026-08-08 by zebu itself`);
    expect(shown({}).at(-2)).toBe(`upstream  the same: community-scripts/ProxmoxVE at commit ${'a'.repeat(40)}`);
  });

  it('says whether zebu has an answer for all that it asks', () => {
    expect(shown({}).at(-1)).toBe('dialogs   all known: zebu has an answer for each');
    const lines = shown({
      changed: ['vm/docker-vm.sh'],
      differences: ['"TELEMETRY\u0007" is new: yes or no (x line 1)'],
    });
    expect(lines.slice(-2)).toEqual([
      'dialogs   1 not as zebu answers them; this version is not recorded:',
      '  "TELEMETRY␣" is new: yes or no (x line 1)',
    ]);
  });

  it('says plainly that upstream could not be asked', () => {
    expect(shown({ current: null, unreachable: 'x cannot be fetched' }).at(-1)).toBe(
      'upstream  unknown: x cannot be fetched',
    );
  });

  it('names what moved, and shows the difference without what a terminal would obey', () => {
    const lines = shown({ changed: ['misc/api.func'], diff: '-old\n+\u001b]0;new\u0007\n' }, true);
    expect(lines.find((line) => line.includes('misc/api.func'))).toContain('(changed)');
    expect(lines).toContain('-old');
    expect(lines).toContain('+␣]0;new␣');
  });
});
