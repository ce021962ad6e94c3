/** What the suite for a real node refuses, and which ways it goes; that it goes them: test/long/pve. */
import { describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { acceptance, combinations, nameOf } from '../../../scripts/pve/acceptance.js';
import { targetInLab } from '../../../scripts/pve/in-lab.js';
import { targetOf } from '../../../scripts/pve/target.js';
import { ROOT } from '../../support/cli.js';
import { adminAuth, pveRequest } from '../../support/pve-http.js';

const lab = theLab();

describe('the suite for a real node', { timeout: 900_000 }, () => {
  it('uses no node that somebody else uses', async () => {
    const path = `/nodes/${lab.node}/qemu`;
    const auth = adminAuth(lab);
    await pveRequest(lab, { method: 'POST', path, params: { vmid: 9701, memory: 64, name: 'not-ours' }, auth });
    try {
      const run = acceptance({
        target: targetInLab(lab),
        root: ROOT,
        only: ['ssh:cloud-image'],
        anyway: true,
        signal: new AbortController().signal,
        say: () => {},
      });
      await expect(run).rejects.toThrow('VM 9701 is in the range 9700-9719, and not ours');
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
