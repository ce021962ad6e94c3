/** How much of a probation is left: time counts while the machine is up, whatever its clock says. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { variables } from '@zebu/kit';
import PROBATION from '../../../src/lib/app-folder/probation.sh';
import { runIn, vmShells } from '../../support/shells.js';

const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
const uptime = (): number => Math.floor(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]));

describe.each(vmShells())('what is left of a probation, in $name', (shell) => {
  let base: string;
  beforeEach(() => (base = mkdtempSync(join(tmpdir(), 'zebu-probation-'))));
  afterEach(() => rmSync(base, { recursive: true }));

  const left = (): number | undefined => {
    const script = `${variables({ base })}${PROBATION}\nread_probation && echo "$pr_left"`;
    const { stdout } = runIn(shell, script);
    return stdout === '' ? undefined : Number(stdout);
  };
  const begin = (values: string): void =>
    writeFileSync(join(base, 'probation'), `pr_id=r2 pr_run=run2 pr_previous=r1 ${values}\n`);

  it('is nothing where there is none', () => {
    expect(left()).toBeUndefined();
  });

  it('is what has not gone by since it began', () => {
    begin(`pr_left=600 pr_boot=${boot} pr_uptime=${uptime() - 100}`);
    expect(left()).toBeGreaterThanOrEqual(498);
    expect(left()).toBeLessThanOrEqual(500);
    begin(`pr_left=60 pr_boot=${boot} pr_uptime=${uptime() - 100}`);
    expect(left()).toBe(0);
  });

  it('is what was seen last before the machine was started again', () => {
    begin('pr_left=600 pr_boot=another pr_uptime=7000');
    expect(left()).toBe(600);
    writeFileSync(join(base, 'probation.left'), 'run2 321 another 7100\n');
    expect(left()).toBe(321);
    writeFileSync(join(base, 'probation.left'), 'run1 3 another 7100\n');
    expect(left()).toBe(600);
  });
});
