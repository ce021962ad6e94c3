import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { installScript, type DockerFrom } from '../../../src/lib/guest/install-docker.js';
import { inVmShell } from '../../support/vm-shell.js';

describe('how Docker gets into the VM', () => {
  it.each(['distribution', 'docker'] as const)('from %s is a program a POSIX shell understands', (from) => {
    expect(spawnSync('sh', ['-n'], { input: installScript(from), encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  /** What apt-get is told, with packages there that `there` names. */
  const installed = (from: DockerFrom, there: string): readonly string[] =>
    inVmShell(
      {
        sudo: 'shift; case "$*" in *apt-get*) echo "$*" ;; *) cat >/dev/null ;; esac',
        'apt-cache': `case " ${there} " in *" $2 "*) ;; *) exit 100 ;; esac`,
      },
      `( ${installScript(from)} ) </dev/null`,
    );
  const APT = 'DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300';

  it('is what the distribution has, or what Docker has', () => {
    expect(installed('distribution', 'docker-cli docker-buildx')).toEqual([
      `${APT} update`,
      `${APT} install -y docker.io git docker-cli docker-buildx docker-compose`,
    ]);
    expect(installed('distribution', 'docker-compose-v2').at(-1)).toBe(
      `${APT} install -y docker.io git docker-compose-v2`,
    );
    expect(installed('docker', '').at(-1)).toMatch(/^.* install -y docker-ce docker-ce-cli .*docker-compose-plugin$/);
  });
});
