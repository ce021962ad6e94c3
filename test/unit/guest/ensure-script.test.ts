/** What looks at a guest and puts it right, in real shells: a look with this machine's own programs, repairs with stand-ins. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { variables } from '@zebu/kit';
import { checkFunctions, parseObserved } from '../../../src/lib/guest/ensure/check.js';
import REPAIR from '../../../src/lib/guest/ensure/repair.sh';
import { runIn, standIns, vmShells } from '../../support/shells.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe.each(vmShells())('a guest, in $name', { timeout: 60_000 }, (shell) => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'zebu-ensure-'));
    for (const each of ['work', 'etc', 'home']) mkdirSync(join(folder, each));
    write('etc/sshd_config', 'Port 22\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (path: string, text: string): void => writeFileSync(join(folder, path), text);
  const read = (path: string): string => readFileSync(join(folder, path), 'utf8');

  /** @returns what was printed */
  function repair(call: string, programs: Readonly<Record<string, string>> = {}): string {
    const paths = {
      work: join(folder, 'work'),
      sshd_config: join(folder, 'etc/sshd_config'),
      sshd_drop_in: join(folder, 'etc/sshd_config.d/00-zebu.conf'),
      upgrades_conf: join(folder, 'etc/upgrades'),
      daemon_json: join(folder, 'etc/daemon.json'),
      docker_pid: join(folder, 'docker.pid'),
      swap_file: join(folder, 'swap'),
    };
    const record = `echo "\${0##*/} $*" >>${folder}/asked`;
    standIns(join(folder, 'bin'), { systemctl: record, usermod: record, ...programs });
    // No daemon of this machine is told anything.
    const script = `say() { printf '%s=%s\n' "$1" "$2"; }\nkill() { echo "kill $*" >>${folder}/asked; }\n`;
    const { stdout } = runIn(shell, `${script}${variables(paths)}${REPAIR}${call}\n`, {
      env: { PATH: join(folder, 'bin') },
    });
    return stdout;
  }

  it('is looked at without anything being changed, and can be read', () => {
    const seen = parseObserved(runIn(shell, `${checkFunctions(userInfo().username, 'shop')}check`).stdout);
    expect(['own', 'shared']).toContain(seen.kernel);
    expect(seen.room_mb).toBeGreaterThan(0);
    expect(['empty', 'locked', 'set']).toContain(seen.secret_user);
  });

  it("is asked how much room there is as Rust's df, which Ubuntu 26.04 has, can say it", () => {
    const df = `df() {
case $1 in *m*) echo "error: unexpected argument '-m' found" >&2; return 1 ;; esac
printf 'Filesystem 1024-blocks Used Available Capacity Mounted on\\n/dev/vda1 9000000 1 5242880 42%% /\\n'
}\n`;
    const { stdout } = runIn(shell, `${df}${checkFunctions(userInfo().username, 'shop')}check`);
    expect(parseObserved(stdout).room_mb).toBe(5120);
  });

  it('has its drop-in of sshd, which is included and read', () => {
    expect(repair(`repair_sshd ${base64('PasswordAuthentication no\n')}`, { sshd: '' })).toBe('');
    expect(read('etc/sshd_config.d/00-zebu.conf')).toBe('PasswordAuthentication no\n');
    expect(read('etc/sshd_config')).toBe('Include /etc/ssh/sshd_config.d/*.conf\nPort 22\n');
    expect(read('asked')).toMatch(/reload|HUP/);
  });

  it('keeps what sshd had where it would not take the new, and says why', () => {
    const sshd = 'echo "line 1: Bad option" >&2; exit 255';
    expect(repair(`repair_sshd ${base64('Nonsense\n')}`, { sshd })).toBe('failed_sshd=line 1: Bad option\n');
    expect(read('etc/sshd_config')).toBe('Port 22\n');
    expect(() => read('etc/sshd_config.d/00-zebu.conf')).toThrow();
  });

  it('has no passwords, and says whose could not be locked', () => {
    const usermod = 'case $3 in bob) echo "no bob" >&2; exit 6 ;; esac';
    expect(repair('repair_passwords ann bob', { usermod })).toBe('failed_passwords=no bob\n');
  });

  it('has the keys it is given, for nobody else to read', () => {
    const user = userInfo().username;
    const getent = `echo "x:x:1:1::${folder}/home:/bin/sh"`;
    expect(repair(`repair_keys ${user} ${base64('ssh-ed25519 A\n')}`, { getent })).toBe('');
    expect(read('home/.ssh/authorized_keys')).toBe('ssh-ed25519 A\n');
    expect(statSync(join(folder, 'home/.ssh/authorized_keys')).mode & 0o777).toBe(0o600);
  });

  it('has upgrades turned off, without a timer being asked', () => {
    expect(repair('repair_upgrades 0')).toBe('');
    expect(read('etc/upgrades')).toBe(
      'APT::Periodic::Update-Package-Lists "0";\nAPT::Periodic::Unattended-Upgrade "0";\n',
    );
    expect(() => read('asked')).toThrow();
  });

  it('keeps the settings of Docker where Docker would not take the new', () => {
    write('etc/daemon.json', '{}');
    chmodSync(join(folder, 'etc/daemon.json'), 0o644);
    const dockerd = 'echo "invalid character" >&2; exit 1';
    expect(repair(`repair_docker_config ${base64('{')}`, { dockerd })).toBe('failed_docker_config=invalid character\n');
    expect(read('etc/daemon.json')).toBe('{}');
  });

  it('tells Docker of new settings when it has begun to answer, and not before: until then a signal ends it', () => {
    write('docker.pid', '4711');
    const docker = `echo "docker $*" >>${folder}/asked; [ -e ${folder}/up ] || { : >${folder}/up; exit 1; }`;
    const text = '{"live-restore":true}';
    expect(repair(`sleep() { :; }; repair_docker_config ${base64(text)}`, { dockerd: '', docker })).toBe('');
    expect(read('etc/daemon.json')).toBe(text);
    const asked = read('asked').split('\n');
    expect(asked.filter((line) => line === 'docker version').length).toBeGreaterThan(1);
    expect(asked.indexOf('kill -HUP 4711')).toBe(asked.lastIndexOf('kill -HUP 4711'));
    expect(asked.indexOf('kill -HUP 4711')).toBeGreaterThan(asked.lastIndexOf('docker version'));
  });

  it('keeps the settings of a Docker that never answers, and says so', () => {
    write('docker.pid', '4711');
    write('etc/daemon.json', '{}');
    const call = `sleep() { :; }; repair_docker_config ${base64('{"live-restore":true}')}`;
    expect(repair(call, { dockerd: '', docker: 'exit 1' })).toBe(
      'failed_docker_config=Docker has started, but does not answer\n',
    );
    expect(read('etc/daemon.json')).toBe('{}');
    expect(read('asked')).not.toContain('HUP');
  });

  it('has its settings for a Docker that does not run yet', () => {
    expect(repair(`repair_docker_config ${base64('{"live-restore":true}')}`, { dockerd: '' })).toBe('');
    expect(() => read('asked')).toThrow();
  });
});
