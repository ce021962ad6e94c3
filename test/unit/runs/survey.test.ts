import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { appLayout } from '../../../src/lib/app-folder/layout.js';
import { RECOVER_FILE, UNIT_FILE } from '../../../src/lib/runs/programs/boot.js';
import { surveyScript } from '../../../src/lib/runs/programs/index.js';
import { sumOf } from '../../../src/lib/runs/programs/sums.js';
import { parseSurvey } from '../../../src/lib/runs/survey.js';
import { inEachVmShell } from '../../support/vm-shell.js';

let base: string;
beforeEach(() => (base = mkdtempSync(join(tmpdir(), 'zebu-survey-'))));
afterEach(() => rmSync(base, { recursive: true }));

it('tells digests of all that need not be sent again, and of the units beside them', () => {
  mkdirSync(join(base, 'units'));
  for (const [file, text] of Object.entries({
    runner: 'one',
    recover: 'two',
    'recover.service': 'three',
    [`units/zebu-watch@${base.split('/').at(-1) ?? ''}.service`]: '[Unit]\n',
    'units/watch': 'program\n',
  }))
    writeFileSync(join(base, file), text);
  const script = surveyScript({ ...appLayout('shop'), base })
    .replaceAll(UNIT_FILE, join(base, 'recover.service'))
    .replaceAll(RECOVER_FILE, join(base, 'recover'));
  const { sums, units } = parseSurvey(inEachVmShell({ flock: ':' }, script).join('\n'));
  expect([...sums]).toEqual([
    ['runner', sumOf('one')],
    [join(base, 'recover'), sumOf('two')],
    [join(base, 'recover.service'), sumOf('three')],
  ]);
  expect([...units]).toEqual([['watch', sumOf('[Unit]\nprogram\n')]]);
});
