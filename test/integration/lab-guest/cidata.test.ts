import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { unpackArgv, writeCidata } from '../../../plugins/lab/src/guest/cidata.js';
import { run } from '../../../plugins/lab/src/guest/process.js';

const folder = mkdtempSync('/dev/shm/zebu-cidata-');
afterAll(() => rmSync(folder, { recursive: true }));

// What writes it takes a path below /dev for a drive to burn.
it('a cloud-init drive is written and read where a lab lies in shared memory', async () => {
  const [file, unpacked] = [join(folder, 'drive.iso'), join(folder, 'unpacked')];
  await writeCidata(file, { userData: '#cloud-config\n', metaData: 'instance-id: x\n', networkConfig: 'version: 1\n' });
  mkdirSync(unpacked);
  await run(unpackArgv(file, unpacked));
  expect(readFileSync(join(unpacked, 'user-data'), 'utf8')).toBe('#cloud-config\n');
  expect(readdirSync(unpacked).toSorted()).toEqual(['meta-data', 'network-config', 'user-data']);
  expect(readdirSync(folder).toSorted()).toEqual(['drive.iso', 'unpacked']);
});
