import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { installScript } from '../../../src/lib/guest/install-docker.js';

describe('how Docker gets into the VM', () => {
  it.each(['distribution', 'docker'] as const)('from %s is a program a POSIX shell understands', (from) => {
    expect(spawnSync('sh', ['-n'], { input: installScript(from), encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  it('is what vm.docker says', () => {
    expect(installScript('distribution')).toMatch(/install -y docker\.io/);
    expect(installScript('docker')).toMatch(/download\.docker\.com[\s\S]*install -y docker-ce /);
  });

  it('waits for the apt that runs after a first boot', () => {
    expect(installScript('distribution')).not.toMatch(/apt-get (?!-qq -o DPkg::Lock::Timeout=300)/);
  });
});
