import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { cacheImage, fromScript, leftOnHost, standIn } from '../../support/community-script.js';
import { makeProject, type Project } from '../../support/project.js';
import { tinyApp, version } from '../../support/tiny-app.js';

const lab = theLab();

const scriptProject = (app: string): Project => makeProject({ lab, app, config: { vm: fromScript } });

interface Failed {
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
}

/** An idle machine needs seconds for each; a busy one must not make them fail. */
const timeout = 600_000;

describe('a community script that is not the one zebu knows', { timeout }, () => {
  let project: Project;
  let before: readonly string[];

  beforeAll(() => cacheImage(lab));
  afterEach(() => project.remove());

  /** Runs vm:create, and expects that it fails and that the host is as it was. */
  async function refused(): Promise<Failed['error'] & { status: number | null }> {
    before = leftOnHost(lab);
    const run = await project.zebu(['vm:create', '--json']);
    // It was ended, not merely told no: it would have gone its own ways otherwise.
    expect(run.stderr).not.toContain('User exited script');
    expect(leftOnHost(lab), run.stderr).toEqual(before);
    const vms = await project.zebu(['vm:status', '--json']);
    expect((JSON.parse(vms.stdout) as Failed).error.code).toBe('VM_MISSING');
    return { ...(JSON.parse(run.stdout) as Failed).error, status: run.code };
  }

  it('by its checksum: nothing is run', async () => {
    project = scriptProject('changed');
    standIn(project, { afterPin: (text) => text.replace('set -e', 'touch /tmp/was-run; set -e') });
    expect(await refused()).toMatchObject({
      code: 'SCRIPT_CHANGED',
      status: 6,
      message: 'vm/docker-vm.sh from ../upstream is not what zebu.script.json records; nothing was run',
    });
  });

  it('by one question more: its words are shown', async () => {
    project = scriptProject('more');
    standIn(project, {
      script: (text) => text.replace('#:more', 'confirm "NESTED" "Turn nested\\n virtualisation on?" || leave'),
    });
    const error = await refused();
    expect(error).toMatchObject({ code: 'SCRIPT_CHANGED', status: 6 });
    expect(error.message).toContain('"NESTED": Turn nested\\n virtualisation on?');
  });

  it('by a question with another name', async () => {
    project = scriptProject('renamed');
    standIn(project, { script: (text) => text.replace('ask "RAM"', 'ask "MEMORY"') });
    const error = await refused();
    expect(error).toMatchObject({ code: 'SCRIPT_CHANGED', status: 6 });
    expect(error.message).toContain('"MEMORY": Allocate RAM in MiB');
  });

  it('by one question fewer: its VM does not stay', async () => {
    project = scriptProject('fewer');
    standIn(project, { script: (text) => text.replace(/^VLAN=.*#:vlan$/m, 'VLAN=') });
    expect(await refused()).toMatchObject({
      code: 'SCRIPT_CHANGED',
      status: 6,
      message: 'The community script did not ask "VLAN", which zebu relies on',
    });
  });

  it('by its image, which nobody can vouch for', async () => {
    project = makeProject({
      lab,
      app: 'unverified',
      config: { vm: { image: undefined, script: { source: '../upstream' } } },
    });
    standIn(project, { script: (text) => text.replace('set -e', 'touch /tmp/was-run; set -e') });
    const error = await refused();
    expect(error).toMatchObject({ code: 'UNREACHABLE', status: 4 });
    expect(error.message).toContain('the image of the community script cannot be checked; nothing was run');
    expect(error.hint).toContain('vm.script.allow_unverified_image');
  });

  it('by what it cannot do: Docker is not in the image', async () => {
    project = scriptProject('no-docker');
    standIn(project);
    const program = join(lab.stateDir, 'host', 'bin', 'virt-customize');
    const whole = readFileSync(program);
    writeFileSync(program, '#!/bin/sh\nexit 1\n');
    try {
      const error = await refused();
      expect(error).toMatchObject({ code: 'SCRIPT_FAILED', status: 5 });
      expect(error.message).toContain('Docker must be installed manually');
    } finally {
      writeFileSync(program, whole);
      chmodSync(program, 0o755);
    }
  });

  it('and half an image in the cache is not used', async () => {
    project = scriptProject('half');
    standIn(project);
    cacheImage(lab, true);
    const run = await project.zebu(['vm:create', '--json']);
    expect(run.stderr).toContain('was damaged, perhaps half a download, and was removed');
    cacheImage(lab);
    expect(leftOnHost(lab)).toEqual(before);
  });
});

describe('a VM made by the community script', { timeout }, () => {
  let project: Project;

  beforeAll(() => {
    cacheImage(lab);
    project = tinyApp({ lab, app: 'script-vm', config: { vm: { ...fromScript, memory_mb: 600 } } });
    standIn(project);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('is made without a terminal, and nobody sees the password', async () => {
    const run = await project.zebu(['vm:create']);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain('| Created VM shell');
    expect(run.stderr).not.toMatch(/⠋|Password/);
    expect(leftOnHost(lab).filter((name) => !name.startsWith('images/'))).toEqual([]);
  });

  it('is as zebu.yml wants it, and not as the script left it', async () => {
    const again = await project.json<{ changed: boolean; drift: unknown[]; steps: unknown[] }>(['vm:create']);
    expect(again).toMatchObject({ changed: false, drift: [], steps: [] });
    const state = JSON.parse(readFileSync(join(lab.stateDir, 'state.json'), 'utf8')) as {
      vms: Record<string, { config: Record<string, number | string> }>;
    };
    const config = Object.values(state.vms).find((vm) => vm.config['name'] === 'script-vm')?.config ?? {};
    expect(config).toMatchObject({ memory: '600', ciuser: 'deploy', ipconfig0: 'ip=dhcp', ciupgrade: 0 });
    expect(config['net0']).toContain('firewall=1');
    expect(config['tags']).toBe('zebu;zebu-app-script-vm');
    for (const name of ['cipassword', 'localtime', 'nameserver', 'searchdomain'])
      expect(config).not.toHaveProperty(name);
  });

  it('can be deployed to', async () => {
    version(project, 'v1');
    expect(await project.json(['app:deploy', '--tag', 'v1'])).toMatchObject({ verdict: 'live' });
    const { ip } = await project.json<{ ip: string }>(['vm:status']);
    expect(await (await fetch(`http://${ip}:8080/version`)).text()).toBe('v1\n');
  });
});
