import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './cli.js';

/** `npm pack` of a folder, with the npm and the Node of the repository. @returns path of the tarball */
export function pack(folder: string, destination: string): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [`${ROOT}node_modules/npm/bin/npm-cli.js`, 'pack', '--json', '--pack-destination', destination],
    {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 64 << 20,
      env: {
        ...process.env,
        PATH: `${ROOT}node_modules/node/bin:${ROOT}node_modules/.bin:${process.env['PATH'] ?? ''}`,
      },
    },
  );
  if (status !== 0) throw new Error(`npm pack in ${folder}: ${stderr}`);
  const answer = JSON.parse(stdout.slice(stdout.indexOf('['))) as { filename: string }[];
  return join(destination, answer[0]?.filename ?? '');
}
