/** What the SSH transport adds to the contract: strict host keys, the user's own ~/.ssh/config, one connection a command. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { makeProject, type Project } from '../../support/project.js';

const lab = theLab();
const folder = mkdtempSync(join(tmpdir(), 'zebu-ssh-'));
let project: Project;

beforeAll(() => {
  project = makeProject({ lab, app: 'ssh-transport' });
});
afterAll(() => {
  project.remove();
  rmSync(folder, { recursive: true });
});

/** `zebu vm:status`: it asks Proxmox, and finds no VM (exit 6) once it has got through. */
const GOT_THROUGH = 6;

async function status(
  env: Record<string, string>,
): Promise<{ code: number | null; error: { code: string; message: string } }> {
  const run = await project.zebu(['vm:status', '--json'], { env });
  const { error } = JSON.parse(run.stdout) as { error: { code: string; message: string } };
  return { code: run.code, error };
}

function key(name: string, passphrase = ''): string {
  const file = join(folder, name);
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', file]);
  return file;
}

/** A home folder whose ~/.ssh/config includes another file, which names the lab. */
function home(config: string): string {
  const dir = mkdtempSync(join(folder, 'home-'));
  mkdirSync(join(dir, '.ssh'), { mode: 0o700 });
  writeFileSync(join(dir, '.ssh', 'config'), `Include ${join(dir, '.ssh', 'more')}\n`, { mode: 0o600 });
  writeFileSync(join(dir, '.ssh', 'more'), config, { mode: 0o600 });
  return dir;
}

describe('the host key', () => {
  it('that nobody recorded is refused, with its fingerprint', async () => {
    const { code, error } = await status({ ZEBU_PROXMOX_KNOWN_HOSTS: join(folder, 'nothing') });
    expect(code).toBe(4);
    expect(error).toMatchObject({ code: 'HOST_KEY_UNKNOWN', message: expect.stringMatching(/SHA256:/) as string });
  });

  it('that is another than the recorded one is refused, and says where that is recorded', async () => {
    const file = join(folder, 'changed');
    const [name = '', type = ''] = readFileSync(lab.ssh.knownHostsFile, 'utf8').split(' ');
    const other = readFileSync(`${key('other')}.pub`, 'utf8').split(' ')[1] ?? '';
    writeFileSync(file, `# a comment\n${name} ${type} ${other}\n`);
    const { code, error } = await status({ ZEBU_PROXMOX_KNOWN_HOSTS: file });
    expect(code).toBe(4);
    expect(error).toMatchObject({ code: 'HOST_KEY_CHANGED', message: expect.stringContaining(`${file}:2`) as string });
  });
});

describe('the key', () => {
  it('that is not accepted is named', async () => {
    const file = key('stranger');
    const { code, error } = await status({ ZEBU_PROXMOX_IDENTITY_FILE: file, SSH_AUTH_SOCK: '' });
    expect(code).toBe(4);
    expect(error).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining(file) as string });
  });

  it('with a passphrase is sent to an agent', async () => {
    const file = key('locked', 'open sesame');
    const { code, error } = await status({ ZEBU_PROXMOX_IDENTITY_FILE: file, SSH_AUTH_SOCK: '' });
    expect(code).toBe(3);
    expect(error.code).toBe('CREDENTIAL_MISSING');
    expect(error.message).toContain(`${file} (encrypted: load it into an agent)`);
  });

  it('can be in an agent', async () => {
    const socket = join(folder, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await new Promise((resolve) => agent.stdout.once('data', resolve));
      spawnSync('ssh-add', ['-q', lab.ssh.identityFile], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      const wrong = key('not-this-one');
      const { code } = await status({ ZEBU_PROXMOX_IDENTITY_FILE: wrong, SSH_AUTH_SOCK: socket });
      expect(code).toBe(GOT_THROUGH);
    } finally {
      agent.kill();
    }
  });
});

/** The lab as an alias, with everything in the configuration of ssh. */
const alias = (name: string, more = ''): string =>
  `Host ${name}\n  HostName ${lab.ssh.host}\n  Port ${lab.ssh.port}\n  User root\n  IdentityFile ${lab.ssh.identityFile}\n${more}`;

describe('~/.ssh/config', () => {
  let aliased: Project;

  beforeAll(() => {
    aliased = makeProject({ lab, app: 'ssh-alias' });
    aliased.write(
      'zebu.yml',
      `app: {name: ssh-alias}\nproxmox: {transport: ssh, host: my-node, known_hosts: ${lab.ssh.knownHostsFile}}\n`,
    );
  });
  afterAll(() => aliased.remove());

  it('gives an alias its address, port, user and key, over Include', async () => {
    const run = await aliased.zebu(['vm:status'], { env: withHome(home(alias('my-node'))) });
    expect(run.stderr).toContain('ssh-alias');
    expect(run.code).toBe(GOT_THROUGH);
  });

  it('leads through a jump host, with one strict host key each', async () => {
    const jump = await secondSshd();
    try {
      const hops = `${alias('my-node', '  ProxyJump hop\n')}Host hop\n  HostName 127.0.0.1\n  Port ${jump.port}\n  User root\n  IdentityFile ${lab.ssh.identityFile}\n`;
      const env = withHome(home(hops));
      const unknown = await aliased.zebu(['vm:status', '--json'], { env });
      expect(unknown.stdout).toContain('HOST_KEY_UNKNOWN');
      expect(unknown.stdout).toContain(`[127.0.0.1]:${jump.port}`);
      const both = join(folder, 'both');
      writeFileSync(both, readFileSync(lab.ssh.knownHostsFile, 'utf8') + jump.knownHosts);
      const through = await aliased.zebu(['vm:status'], { env: { ...env, ZEBU_PROXMOX_KNOWN_HOSTS: both } });
      expect(through.code).toBe(GOT_THROUGH);
      expect(jump.log().match(/Accepted publickey/g)).toHaveLength(1);
    } finally {
      jump.stop();
    }
  });
});

/** `ssh -G` finds the configuration by the account and not by HOME; a wrapper on the PATH names the test's to it. */
function withHome(dir: string): Record<string, string> {
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${join(dir, '.ssh', 'config')} "$@"\n`, {
    mode: 0o755,
  });
  return { HOME: dir, PATH: `${bin}:${process.env['PATH'] ?? ''}`, SSH_AUTH_SOCK: '' };
}

interface Sshd {
  readonly port: number;
  readonly knownHosts: string;
  log(): string;
  stop(): void;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A host to jump through: it lets the lab's key in, and forwards. */
async function secondSshd(): Promise<Sshd> {
  const port = await freePort();
  const hostKey = key('jump-host');
  const authorized = join(folder, 'authorized');
  writeFileSync(authorized, readFileSync(`${lab.ssh.identityFile}.pub`), { mode: 0o600 });
  const config = join(folder, 'sshd_config');
  const lines = [`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${hostKey}`, `AuthorizedKeysFile ${authorized}`];
  writeFileSync(
    config,
    [...lines, 'PermitRootLogin yes', 'StrictModes no', 'UsePAM no', 'PidFile none', ''].join('\n'),
  );
  mkdirSync('/run/sshd', { recursive: true });
  let text = '';
  const server: ChildProcess = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  server.stderr?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await listening(port);
  const [type = '', blob = ''] = readFileSync(`${hostKey}.pub`, 'utf8').split(' ');
  return { port, knownHosts: `[127.0.0.1]:${port} ${type} ${blob}\n`, log: () => text, stop: () => void server.kill() };
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = createConnection({ host: '127.0.0.1', port });
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nothing listens on ${port}`);
}

describe('the connection', () => {
  it('is one for a whole command, however many requests it makes', async () => {
    const log = join(lab.stateDir, 'host', 'sshd.log');
    const logins = (): number => readFileSync(log, 'utf8').match(/Accepted publickey/g)?.length ?? 0;
    const before = logins();
    // Reads the cluster, the storages, the network and the next id to make its plan.
    const plan = await project.zebu(['vm:create', '--dry-run'], { env: { ZEBU_DEBUG: '1' } });
    expect(plan.code).toBe(0);
    expect(plan.stderr.match(/(GET|POST|PUT) \/api2\/json/g)?.length).toBeGreaterThan(3);
    expect(logins()).toBe(before + 1);
  });
});
