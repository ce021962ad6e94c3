/** The suite for a real node, against the lab, so that it runs when there is a node to run it on. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { acceptance, failures } from '../../../scripts/pve/acceptance.js';
import { targetInLab } from '../../../scripts/pve/in-lab.js';
import { writeReport } from '../../../scripts/pve/report.js';
import { ROOT } from '../../support/cli.js';

const lab = theLab();
const folder = mkdtempSync(join(tmpdir(), 'zebu-acceptance-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the suite for a real node', { timeout: 900_000 }, () => {
  it('runs a whole life, and leaves a report that can be shown to anybody', async () => {
    const said: string[] = [];
    const outcome = await acceptance({
      target: targetInLab(lab),
      root: ROOT,
      only: ['ssh:cloud-image'],
      anyway: true,
      signal: new AbortController().signal,
      say: (line) => said.push(line),
    });
    expect(failures(outcome), said.join('\n')).toBe(0);
    expect(outcome.lives[0]?.steps.length).toBeGreaterThan(25);
    expect(outcome.removed).toContainEqual(expect.stringContaining('vzdump-qemu-'));

    writeReport(folder, { outcome, versions: { zebu: 'under test' }, hosts: [lab.ssh.host], root: ROOT });
    expect(readdirSync(folder).toSorted()).toEqual(['conversation-ssh-cloud-image.jsonl', 'report.md']);
    const report = readFileSync(join(folder, 'report.md'), 'utf8');
    expect(report).toMatch(/^\| ok \| [\d.]+ \| removed \| `zebu vm:destroy --yes` \|/m);
    const conversation = readFileSync(join(folder, 'conversation-ssh-cloud-image.jsonl'), 'utf8');
    const entries = conversation
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { request: { method: string } });
    expect(entries.filter(({ request }) => request.method !== 'GET').length).toBeGreaterThan(15);
    // The lab's own addresses, and the key that was given to the VM.
    for (const text of [report, conversation]) {
      expect(text).not.toContain(lab.network.gateway.replace(/\.1$/, '.'));
      expect(text).not.toMatch(/AAAAC3Nza/);
    }
  });
});
