import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { PIN_FILE, SCRIPT, SCRIPT_FILES } from '../../src/lib/vm/provision/community-script/pin.js';
import { ROOT } from './cli.js';
import type { Project } from './project.js';

/** Over SSH and without `vm.image`, the script is the default. The lab's host has no way to the publisher of the image. */
export const fromScript = { image: undefined, script: { source: '../upstream', allow_unverified_image: true } };

interface Changes {
  readonly script?: (text: string) => string;
  readonly afterPin?: (text: string) => string;
}

/** Puts the stand-in for upstream beside a project, changed as asked, and pins what is there then. */
export const standIn = (project: Pick<Project, 'folder'>, changes: Changes = {}): void =>
  standInFor(project.folder, changes);

/** The same. @param repository folder of zebu.yml; the stand-in is in `../upstream` */
export function standInFor(repository: string, changes: Changes = {}): void {
  const folder = join(repository, '..', 'upstream');
  cpSync(join(ROOT, 'test', 'fixtures', 'community-script'), folder, { recursive: true });
  const script = join(folder, SCRIPT);
  const text = readFileSync(script, 'utf8');
  const changed = changes.script?.(text) ?? text;
  if (changes.script !== undefined && changed === text) throw new Error('the stand-in was not changed');
  writeFileSync(script, changed);
  const files = Object.fromEntries(
    SCRIPT_FILES.map((path) => [
      path,
      createHash('sha256')
        .update(readFileSync(join(folder, path)))
        .digest('hex'),
    ]),
  );
  writeFileSync(join(repository, PIN_FILE), JSON.stringify({ commit: null, recorded: '2026-01-01', files }));
  if (changes.afterPin !== undefined) writeFileSync(script, changes.afterPin(changed));
}

const cacheOf = (lab: LabReport): string => join(lab.stateDir, 'vz', 'template', 'cache');
const CACHED_IMAGE = `debian-13-generic-${process.arch === 'arm64' ? 'arm64' : 'amd64'}.qcow2`;

/**
 * An image where the script keeps the one it downloads. It is empty, because a namespace guest runs from the root of the
 * lab's image whatever its disk holds; so nobody has to copy 600 MB for each run.
 * @param half cut in the middle, as a download that was interrupted
 */
export function cacheImage(lab: LabReport, half = false): void {
  const file = join(cacheOf(lab), CACHED_IMAGE);
  mkdirSync(cacheOf(lab), { recursive: true });
  const made = spawnSync('qemu-img', ['create', '-q', '-f', 'qcow2', file, '2G']);
  if (made.status !== 0) throw new Error(made.stderr.toString());
  if (half) truncateSync(file, Math.floor(statSync(file).size / 2));
}

const listing = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** Everything a run may leave on the host: files in /tmp, zebu's own folder, half an image, disks. */
export function leftOnHost(lab: LabReport): readonly string[] {
  return [
    ...listing(join(lab.stateDir, 'host', 'tmp')).map((name) => `/tmp/${name}`),
    ...listing(join(lab.stateDir, 'host', 'var-lib', 'zebu')).map((name) => `/var/lib/zebu/${name}`),
    ...listing(cacheOf(lab)).flatMap((name) => (name === CACHED_IMAGE ? [] : [`cache/${name}`])),
    ...listing(join(lab.stateDir, 'vz', 'images')).map((name) => `images/${name}`),
    ...listing(join(lab.stateDir, 'vz', 'import')).flatMap((name) =>
      name.startsWith('qm-import') ? [`import/${name}`] : [],
    ),
  ];
}
