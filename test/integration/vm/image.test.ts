/** The image a VM is made from is the one that zebu.yml names, or there is no VM. */
import { closeSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { onHost } from '../../support/lab-host.js';
import { makeProject, type Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';

const lab = theLab();
const imports = join(lab.stateDir, 'vz', 'import');

describe.each(['ssh', 'api'] as const)('over %s', (transport) => {
  let project: Project;
  let before: string;

  beforeAll(() => {
    project = makeProject({ lab, app: `image-${transport}`, transport });
    before = onHost(lab, 'qm', 'list');
  });
  afterEach(() => {
    expect(onHost(lab, 'qm', 'list')).toBe(before);
  });
  afterAll(() => project.remove());

  it('an address that serves another image is refused, and no VM is made', async () => {
    const files = readdirSync(imports);
    const error = await refusal(project, ['vm:create', '--set', `vm.image.checksum=sha256:${'0'.repeat(64)}`]);
    expect(error).toMatchObject({ code: 'IMAGE_MISMATCH', exit: 6 });
    expect(error.hint).toContain(lab.image.sha256);
    expect(readdirSync(imports)).toEqual(files);
  });

  it('an image that is larger than the disk that is wanted stays as large as it is', async () => {
    const run = await project.zebu(['vm:create', '--json', '--set', 'vm.disk_gb=1']);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain('ok: it is larger already');
    await project.json(['vm:destroy', '--yes']);
  });

  it('a file on the node that is damaged is refused, with how to remove it', async () => {
    // As if it had been downloaded for another address: the file's name is made of both.
    const url = `${lab.image.url}?damaged-${transport}`;
    const name = `${new URL(url).pathname.split('/').at(-1)?.replace('.qcow2', '') ?? ''}-${'1'.repeat(12)}.qcow2`;
    const file = openSync(join(imports, name), 'w');
    writeSync(file, 'half a download');
    closeSync(file);
    try {
      const error = await refusal(project, [
        'vm:create',
        '--set',
        `vm.image.url=${url}`,
        '--set',
        `vm.image.checksum=sha256:${'1'.repeat(64)}`,
      ]);
      expect(error).toMatchObject({ code: 'IMAGE_MISMATCH', exit: 6 });
      expect(error.hint).toContain(`pvesm free local:import/${name}`);
    } finally {
      rmSync(join(imports, name));
    }
  });
});
