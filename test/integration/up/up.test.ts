import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { UpResult } from '../../../src/lib/up/results.js';
import { tinyApp, version } from '../../support/tiny-app.js';
import type { Project } from '../../support/project.js';

describe('zebu up', { timeout: 600_000 }, () => {
  let project: Project;
  beforeAll(() => {
    project = tinyApp({ lab: theLab(), app: 'upapp', config: { deploy: { stability: 1, timeout: 120 } } });
    version(project, 'v1');
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('says what it would do, and does nothing until somebody agrees', async () => {
    const { stdout } = await project.zebu(['up', '--dry-run']);
    expect(stdout).toMatch(/^VM \d+ \(upapp\) on pve:\n {2}\S/);
    expect(stdout).toMatch(/^App: v1 \([0-9a-f]{7} .*\), the newest tag: deploy$/m);
    const refused = await project.zebu(['up']);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes (ZEBU_YES)') as string });
    expect((await project.zebu(['vm:status'])).stderr).toContain('There is no VM');
  });

  it('makes the VM, deploys the newest tag and ends with where it answers', async () => {
    const result = await project.json<UpResult>(['up', '--yes']);
    expect(result).toMatchObject({ changed: true, ref: 'v1', deployed: true, url: `http://${result.vm.ip}:8080/` });
    expect(result.vm.steps.length).toBeGreaterThan(2);
    expect(await (await fetch(`${result.url}version`)).text()).toBe('v1\n');
  });

  it('changes nothing when all of it is so already, and asks nothing', async () => {
    const result = await project.json<UpResult>(['up']);
    expect(result).toMatchObject({ changed: false, deployed: false, ref: 'v1', vm: { steps: [] } });
    expect(result.url).toBe(`http://${result.vm.ip}:8080/`);
  });

  it('starts a VM that was stopped, and deploys a newer tag', async () => {
    await project.zebu(['vm:stop']);
    version(project, 'v2');
    const result = await project.json<UpResult>(['up', '--yes']);
    expect(result).toMatchObject({ changed: true, deployed: true, ref: 'v2' });
    expect(await (await fetch(`${result.url}version`)).text()).toBe('v2\n');
  });

  it('is stopped by what doctor finds, before anything is asked', async () => {
    expect(await project.zebu(['up', '--set', 'proxmox.port=1'])).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/^Error: proxmox: Cannot reach .*:1: /m) as string,
    });
  });
});
