/** What one does with a VM that is there, each once for people and once for machines, and one refusal of each. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { fault } from '../../support/lab-control.js';
import { onHost } from '../../support/lab-host.js';
import { nodeOf } from '../../support/node.js';
import { makeProject, type Project } from '../../support/project.js';
import { refusal, type Refusal } from '../../support/refusal.js';

const lab = theLab();
const node = nodeOf(lab);
const app = 'everyday';
let ssh: Project;
let api: Project;
let vmid: number;

beforeAll(async () => {
  ssh = makeProject({ lab, app });
  // The same app from another machine, which reaches Proxmox another way.
  const identity_file = join(ssh.folder, '..', 'id_ed25519');
  api = makeProject({ lab, app, transport: 'api', config: { vm: { identity_file } } });
  ({ vmid } = await ssh.json<{ vmid: number }>(['vm:create']));
});
afterAll(async () => {
  for (const { backup } of (await ssh.json<{ list: { backup: string }[] }>(['vm:backup:list'])).list)
    onHost(lab, 'pvesm', 'free', backup);
  await ssh.zebu(['vm:destroy', '--yes']);
  await node.ask('DELETE', '/access/users/doctor@pve').catch(() => undefined);
  await node.ask('DELETE', '/access/roles/Weak').catch(() => undefined);
  ssh.remove();
  api.remove();
});

describe('vm:exec', () => {
  it('runs as root through the agent, and hands on output and status', async () => {
    const run = await ssh.zebu(['vm:exec', '--', 'sh', '-c', 'id -un; echo trouble >&2; exit 7']);
    expect([run.code, run.stdout, run.stderr]).toEqual([7, 'root\n', 'trouble\n']);
    expect(await api.json(['vm:exec', '--', 'echo', "it's $HOME"])).toMatchObject({ exit: 0, stdout: "it's $HOME\n" });
  });

  it.each(['ssh', 'api'] as const)('passes standard input on over %s', async (transport) => {
    const project = transport === 'ssh' ? ssh : api;
    const run = await project.zebu(['vm:exec', '--stdin', '--', 'sha256sum'], { stdin: 'äöü\n' });
    expect(run.stdout).toBe(`${createHash('sha256').update('äöü\n').digest('hex')}  -\n`);
  });

  it('has no command to run: exit 2', async () => {
    expect(await refusal(ssh, ['vm:exec'])).toMatchObject({ code: 'USAGE', exit: 2 });
  });
});

describe('vm:console', () => {
  it('shows what the machine said', async () => {
    const run = await ssh.zebu(['vm:console', '--tail', '5']);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout.trim().split('\n').length).toBeLessThanOrEqual(5);
    expect(run.stdout.trim()).not.toBe('');
  });

  it('follows the serial port for a while', async () => {
    const following = ssh.zebu(['vm:console', '--follow', '--for', '8', '--tail', '0']);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    await api.zebu(['vm:exec', '--', 'sh', '-c', 'echo hello from inside > /proc/1/fd/1']);
    const run = await following;
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toContain('hello from inside');
  });

  it('cannot follow without a shell on the host: exit 3', async () => {
    const error = await refusal(api, ['vm:console', '--follow', '--tail', '0']);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', exit: 3 });
    expect(error.hint).toContain('transport: ssh');
  });
});

describe('vm:resize', () => {
  it('grows at once what can be, and says what waits', async () => {
    const run = await ssh.zebu(['vm:resize', '--cores', '3', '--disk', '+1']);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toContain('vm.cores 2 -> 3, after a restart: zebu vm:restart');
    expect(run.stdout).toContain('vm.disk_gb 10 -> 11, at once');
    expect(run.stderr).toContain('vm.disk_gb: 11');
    expect(onHost(lab, 'qm', 'config', String(vmid))).toMatch(/^scsi0: .*size=11G/m);
    const same = await api.json(['vm:resize', '--cores', '3', '--disk', '11']);
    expect(same).toMatchObject({ changed: false, changes: [] });
  });

  it('does not shrink: exit 2', async () => {
    const error = await refusal(ssh, ['vm:resize', '--disk', '5']);
    expect(error).toMatchObject({ code: 'USAGE', exit: 2 });
    expect(error.message).toContain('disks only grow');
  });
});

describe('doctor', () => {
  it('finds nothing to complain of', async () => {
    const run = await ssh.zebu(['doctor']);
    expect(run.code, run.stdout).toBe(0);
    expect(run.stdout).toMatch(/^ok {4}proxmox /m);
    expect(run.stdout).not.toMatch(/^fail/m);
    const found = await api.json<{ healthy: boolean; checks: { id: string; status: string }[] }>(['doctor']);
    expect(found.healthy).toBe(true);
    expect(found.checks.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['config', 'proxmox', 'privileges', 'storage', 'bridge', 'room', 'vm', 'agent']),
    );
  });

  it('looks at the app as well, and rehearses what a deploy would do', async () => {
    const project = makeProject({
      lab,
      app,
      files: {
        'compose.yml': 'services: {web: {image: "base:1", environment: {KEY: "${USED}", OTHER: "${NOWHERE}"}}}\n',
      },
      config: {
        secrets: { USED: {}, UNUSED: {}, NOWHERE: {} },
        vm: { identity_file: ssh.key },
      },
    });
    const row = async (id: string): Promise<Record<string, string | null>> => {
      const { stdout } = await project.zebu(['doctor', '--json']);
      const { checks } = (JSON.parse(stdout) as { result: { checks: Record<string, string | null>[] } }).result;
      return checks.find((each) => each['id'] === id) ?? {};
    };
    project.write('.gitignore', '.env\n');
    project.write('.env', 'USED=a-value-of-the-test\nUNUSED=another-of-the-test\n', 0o644);
    expect(await row('repository')).toMatchObject({
      status: 'warn',
      remedy: expect.stringContaining('git commit') as string,
    });
    expect(await row('secrets')).toMatchObject({ status: 'fail', remedy: 'chmod 600 .env' });
    project.write('.env', 'USED=a-value-of-the-test\nUNUSED=another-of-the-test\n');
    spawnSync('chmod', ['600', join(project.folder, '.env')]);
    expect(await row('secrets')).toMatchObject({
      status: 'warn',
      detail: 'without a value here: NOWHERE; no Compose file asks for: UNUSED',
    });
    project.release('v1');
    expect(await row('repository')).toMatchObject({ status: 'ok', detail: expect.stringContaining('v1 (') as string });
    expect(await row('compose')).toMatchObject({ status: 'ok', detail: 'compose.yml: web' });
    expect(await row('release')).toMatchObject({ status: 'fail', code: 'SECRET_MISSING' });
    project.write('.env', 'USED=a-value-of-the-test\nUNUSED=another-of-the-test\nNOWHERE=one-more-of-the-test\n');
    expect(await row('release')).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining('can be deployed') as string,
    });
    project.write('compose.yml', 'services: {web: {image: "base:1", imaginary: true}}\n');
    project.release('v2');
    expect(await row('release')).toMatchObject({ status: 'fail', code: 'COMPOSE_INVALID' });
    project.write('compose.yml', 'services:\n  web: [\n');
    expect(await row('compose')).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/^compose\.yml:\d+: /) as string,
    });
    project.remove();
  });

  it('says which privilege a token lacks, and where', async () => {
    const user = 'doctor@pve';
    onHost(lab, 'pveum', 'role', 'add', 'Weak', '--privs', 'VM.Audit Datastore.Audit Sys.Audit');
    onHost(lab, 'pveum', 'user', 'add', user);
    onHost(lab, 'pveum', 'acl', 'modify', '/', '--users', user, '--roles', 'Weak');
    const { value: secret } = await node.ask<{ value: string }>('POST', `/access/users/${user}/token/weak`, {
      privsep: '0',
    });
    const env = { ZEBU_PROXMOX_TOKEN: `${user}!weak=${secret}` };
    const run = await api.zebu(['doctor', '--json', '--set', 'proxmox.token_file='], { env });
    expect(run.stdout + run.stderr).not.toContain(secret);
    expect(run.code).toBe(5);
    const { checks } = (JSON.parse(run.stdout) as { result: { checks: Record<string, string>[] } }).result;
    const row = checks.find(({ id }) => id === 'privileges');
    expect(row).toMatchObject({ status: 'fail', code: 'PROXMOX_FORBIDDEN' });
    expect(row?.['detail']).toContain(`VM.PowerMgmt on /vms/${vmid}`);
    expect(row?.['remedy']).toContain('pveum role modify');
    // What it does not allow is named by what refuses it, too.
    const refused = await api.zebu(['vm:stop', '--json', '--set', 'proxmox.token_file='], { env });
    expect(refused.code).toBe(5);
    const { error } = JSON.parse(refused.stdout) as { error: Refusal };
    expect(error).toMatchObject({ code: 'PROXMOX_FORBIDDEN' });
    expect(`${error.message} ${error.hint ?? ''}`).toContain(`VM.PowerMgmt on /vms/${vmid}`);
  });
});

describe('vm:backup', () => {
  interface Listed {
    readonly list: readonly { readonly backup: string; readonly notes: string }[];
  }
  let backup: string;

  it('copies the VM, and lists the copies', async () => {
    await ssh.zebu(['vm:exec', '--', 'sh', '-c', 'echo before > /opt/kept']);
    const run = await ssh.zebu(['vm:backup:create', '--notes', 'by hand']);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toMatch(new RegExp(`^VM ${vmid} \\(${app}\\) is backed up: `));
    const { list } = await api.json<Listed>(['vm:backup:list']);
    expect(list).toHaveLength(1);
    expect(list[0]?.notes).toContain('by hand');
    backup = list[0]?.backup ?? '';
    expect((await ssh.zebu(['vm:backup:list'])).stdout).toContain(backup);
  });

  it('goes on over SSH when zebu does not wait any longer', async () => {
    await fault(lab, { kind: 'delay-task', task: 'vzdump', ms: 9000 });
    const error = await refusal(ssh, ['vm:backup:create', '--set', 'proxmox.task_timeout=4']);
    expect(error).toMatchObject({ code: 'TASK_TIMEOUT', exit: 9 });
    expect(error.hint).toMatch(/UPID:\S+:vzdump:/);
    const two = async (): Promise<number> => (await api.json<Listed>(['vm:backup:list'])).list.length;
    await expect.poll(two, { timeout: 60_000, interval: 2000 }).toBe(2);
    expect(onHost(lab, 'sh', '-c', 'ls -d /tmp/tmp.* 2>/dev/null | wc -l').trim()).toBe('0');
  });

  it('comes back in the place of the VM, with its data', async () => {
    await ssh.zebu(['vm:exec', '--', 'sh', '-c', 'echo after > /opt/kept']);
    const unconfirmed = await refusal(ssh, ['vm:backup:restore', backup]);
    expect(unconfirmed).toMatchObject({ code: 'NEEDS_CONFIRMATION', exit: 2 });
    expect(await ssh.json(['vm:backup:restore', backup, '--start', '--yes'])).toMatchObject({
      changed: true,
      vmid,
      status: 'running',
    });
    expect((await ssh.zebu(['vm:exec', '--', 'cat', '/opt/kept'])).stdout).toBe('before\n');
  });

  it('that is not there is refused: exit 6', async () => {
    expect(await refusal(ssh, ['vm:backup:restore', 'nothing', '--yes'])).toMatchObject({
      code: 'BACKUP_MISSING',
      exit: 6,
    });
  });
});

describe('a boot that does not end', () => {
  it('tells what the VM said last, and of its agent', async () => {
    const talk = 'for i in 1 2 3 4 5 6 7 8; do echo "still at it, $i"; sleep 1; done';
    const unit = ['[Service]', 'Type=oneshot', 'User=deploy', 'ExecStart=/usr/local/bin/talk'].join('\\n');
    const wants = '/etc/systemd/system/multi-user.target.wants';
    const prepare = [
      `printf '#!/bin/sh\\n%s\\n' '${talk}' > /usr/local/bin/talk`,
      'chmod 755 /usr/local/bin/talk',
      `mkdir -p ${wants}; printf '${unit}\\n' > ${wants}/talk.service`,
      'chmod 000 "$(command -v qemu-ga)"; rm "$(command -v qemu-ga)"',
    ].join('\n');
    await ssh.zebu(['vm:exec', '--', 'sh', '-c', prepare]);
    await ssh.json(['vm:stop', '--force']);
    const run = await ssh.zebu(['vm:start', '--json', '--set', 'vm.boot_timeout=12']);
    expect(run.code).toBe(6);
    const { error } = JSON.parse(run.stdout) as {
      error: Refusal & { details: { agent: string; console: readonly string[]; status: string } };
    };
    expect(error.code).toBe('VM_NOT_READY');
    expect(error.message).toContain('its guest agent did not answer within 12 s');
    expect(error.details.status).toBe('running');
    expect(error.details.agent).toMatch(/guest agent is not running/);
    expect(error.details.console.join('\n')).toMatch(/still at it, \d/);
    expect(run.stderr).toMatch(/The last lines of its serial console:\n(?: {2}\| .*\n)+/);
  });
});
