/** The suite for a real node, against the lab, so that it runs when there is a node to run it on. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { acceptance, combinations, failures, nameOf } from '../../../scripts/pve/acceptance.js';
import { targetInLab } from '../../../scripts/pve/in-lab.js';
import { writeReport } from '../../../scripts/pve/report.js';
import { targetOf } from '../../../scripts/pve/target.js';
import { ROOT } from '../../support/cli.js';
import { adminAuth, pveRequest } from '../../support/pve-http.js';

const lab = theLab();
const folder = mkdtempSync(join(tmpdir(), 'zebu-acceptance-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (only: string, said: string[], anyway = true): ReturnType<typeof acceptance> =>
  acceptance({
    target: targetInLab(lab),
    root: ROOT,
    only: [only],
    anyway,
    signal: new AbortController().signal,
    say: (line) => said.push(line),
  });

describe('the suite for a real node', { timeout: 900_000 }, () => {
  it('runs a whole life, and leaves a report that can be shown to anybody', async () => {
    const said: string[] = [];
    const outcome = await run('ssh:cloud-image', said);
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

  it('uses no node that somebody else uses', async () => {
    const path = `/nodes/${lab.node}/qemu`;
    const auth = adminAuth(lab);
    await pveRequest(lab, { method: 'POST', path, params: { vmid: 9701, memory: 64, name: 'not-ours' }, auth });
    try {
      await expect(run('ssh:cloud-image', [])).rejects.toThrow('VM 9701 is in the range 9700-9719, and not ours');
    } finally {
      await pveRequest(lab, { method: 'DELETE', path: `${path}/9701`, auth });
    }
  });

  it('goes every way that a node has', () => {
    const env = { ZEBU_PVE_HOST: 'pve', ZEBU_PVE_IMAGE_URL: 'https://example.org/a', ZEBU_PVE_IMAGE_CHECKSUM: 'x' };
    const ways = (more: Record<string, string>): readonly string[] =>
      combinations(targetOf({ ...env, ...more })).map(nameOf);
    expect(ways({})).toEqual(['ssh:community-script', 'ssh:cloud-image']);
    expect(ways({ ZEBU_PVE_TOKEN: 'a@pam!b=c' })).toEqual([
      'ssh:community-script',
      'ssh:cloud-image',
      'api:cloud-image',
    ]);
    expect(ways({ ZEBU_PVE_TOKEN: 'a@pam!b=c', ZEBU_PVE_SSH: '0' })).toEqual(['api:cloud-image']);
    expect(() => targetOf({})).toThrow('ZEBU_PVE_HOST is not set');
    expect(() => targetOf({ ...env, ZEBU_PVE_VMIDS: '9' })).toThrow('expected a range');
  });
});
