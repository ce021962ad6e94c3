/** What is refused on this machine, before Proxmox or the VM is asked: one line, the exit status, a published envelope. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { ROOT } from '../../support/cli.js';
import { fault } from '../../support/lab-control.js';
import { makeProject, type Project } from '../../support/project.js';
import { refusal, refusalOf } from '../../support/refusal.js';

const lab = theLab();
const scratch = mkdtempSync(join(tmpdir(), 'zebu-refused-'));
let project: Project;

beforeAll(() => {
  project = makeProject({
    lab,
    app: 'refused',
    // Nothing listens there: what asked Proxmox would end as UNREACHABLE.
    config: { proxmox: { port: 1 }, secrets: { API_KEY: { required: false } } },
    files: { 'compose.yml': 'services: { web: { image: "web:1" } }\n' },
  });
  project.release('v1.0');
});
afterAll(() => {
  project.remove();
  rmSync(scratch, { recursive: true, force: true });
});

const deploy = (...args: readonly string[]): ReturnType<typeof refusal> => refusal(project, ['app:deploy', ...args]);

describe('app:deploy', () => {
  it('of a tag, branch or commit that there is not', async () => {
    expect(await deploy('--tag', 'v1.1')).toEqual({
      code: 'REF_UNKNOWN',
      exit: 6,
      message: 'There is no tag v1.1 in this repository',
      hint: 'Did you mean v1.0?',
      details: { kind: 'tag', name: 'v1.1' },
    });
    expect(await deploy('--branch', 'release')).toMatchObject({
      code: 'REF_UNKNOWN',
      message: 'There is no branch release in this repository',
    });
    // Neither an option of git nor an expression of it.
    expect(await deploy('--commit=--all')).toMatchObject({
      code: 'REF_UNKNOWN',
      message: 'There is no commit --all in this repository',
    });
  });

  it('of what has files that are not on this machine', async () => {
    const head = project.git('rev-parse', 'HEAD');
    project.git('update-index', '--add', '--cacheinfo', `160000,${head},vendor/lib`);
    project.git('commit', '-q', '-m', 'submodule');
    project.git('tag', 'submodule');
    expect(await deploy('--tag', 'submodule')).toMatchObject({
      code: 'REPOSITORY_INCOMPLETE',
      exit: 6,
      message: `Commit ${head.slice(0, 7)} of the submodule vendor/lib, which submodule needs, is not on this machine`,
      details: { submodule: 'vendor/lib', commit: head },
    });
    project.git('rm', '-q', '--cached', 'vendor/lib');
    project.write('assets/.gitattributes', '*.bin filter=lfs diff=lfs merge=lfs -text\n');
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 5\n`;
    for (const file of ['assets/a.bin', 'assets/b.bin']) project.write(file, pointer);
    project.release('lfs');
    expect(await deploy('--tag', 'lfs')).toMatchObject({
      code: 'REPOSITORY_INCOMPLETE',
      message: 'What Git LFS keeps of assets/a.bin and 1 more, which lfs needs, is not on this machine',
      details: { files: ['assets/a.bin', 'assets/b.bin'] },
    });
    project.git('rm', '-q', '-r', 'assets');
  });

  it('of what has no Compose file, or what a plugin has something against', async () => {
    project.git('rm', '-q', '--cached', 'compose.yml');
    project.git('commit', '-q', '-m', 'without');
    project.git('tag', 'without');
    project.git('add', 'compose.yml');
    expect(await deploy('--tag', 'without')).toMatchObject({
      code: 'COMPOSE_INVALID',
      exit: 6,
      message: 'There is no compose.yml in without',
    });
    const folder = join(scratch, 'guard');
    mkdirSync(folder);
    const oclif = { hooks: { 'zebu:before-deploy': './hook.js' } };
    const manifest = { name: 'zebu-plugin-guard', version: '1.0.0', type: 'module', oclif, zebu: { contract: 1 } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, 'hook.js'), "export default async () => { throw new Error('not on a Friday'); };");
    expect((await project.zebu(['plugins:link', '--no-install', folder])).code).toBe(0);
    expect(await deploy('--tag', 'v1.0')).toMatchObject({
      code: 'HOOK_REFUSED',
      exit: 6,
      message: 'The plugin zebu-plugin-guard failed before the deploy: not on a Friday',
    });
    expect((await project.zebu(['plugins:uninstall', 'zebu-plugin-guard'])).code).toBe(0);
  });

  it('without git, and outside a repository', async () => {
    const bare = join(scratch, 'bare');
    mkdirSync(bare);
    const without = { env: { PATH: bare } };
    expect(await refusal(project, ['app:deploy', '--tag', 'v1.0'], without)).toEqual({
      code: 'GIT_MISSING',
      exit: 6,
      message: 'There is no git on this machine',
      hint: 'Install git.',
    });
    const doctor = await project.zebu(['doctor', '--json'], without);
    const { checks } = (JSON.parse(doctor.stdout) as { result: { checks: readonly { id: string }[] } }).result;
    expect(checks.find(({ id }) => id === 'git')).toMatchObject({ status: 'fail', code: 'GIT_MISSING' });
    const folder = join(scratch, 'plain');
    mkdirSync(folder);
    copyFileSync(join(project.folder, 'zebu.yml'), join(folder, 'zebu.yml'));
    expect(await refusal(project, ['app:deploy', '--tag', 'v1.0'], { cwd: folder })).toMatchObject({
      code: 'GIT_MISSING',
      message: `${folder} is not in a git repository`,
    });
  });
});

describe('this machine', () => {
  it('has no folder to work in any more', async () => {
    const folder = join(scratch, 'gone');
    mkdirSync(folder);
    const script = 'cd "$1" && rmdir "$1" && shift && exec "$@"';
    const words = ['-c', script, 'sh', folder, process.execPath, `${ROOT}bin/run.js`, 'vm:status', '--json'];
    const { status, stdout, stderr } = spawnSync('sh', words, { encoding: 'utf8' });
    expect(refusalOf({ code: status, signal: null, stdout, stderr })).toMatchObject({
      code: 'USAGE',
      message: 'The folder zebu was started in is not there any more',
    });
  });

  it('has no plugin where one is said to be', async () => {
    expect(await refusal(project, ['plugins:install', './none.tgz'])).toMatchObject({
      code: 'PLUGIN_REFUSED',
      exit: 6,
      message: './none.tgz: there is no such file or folder',
    });
  });

  it('runs into something that nobody foresaw, in one line', async () => {
    const preload = join(scratch, 'defect.mjs');
    writeFileSync(
      preload,
      `import fs from 'node:fs';
const { readFile } = fs.promises;
fs.promises.readFile = async (path, ...more) => {
  if (String(path).endsWith('.gitignore')) throw new TypeError('x is not a function\\n  and more');
  return readFile(path, ...more);
};`,
    );
    const env = { NODE_OPTIONS: `--import=${preload}` };
    expect(await refusal(project, ['init', '--yes', '--force'], { env })).toEqual({
      code: 'BUG',
      exit: 1,
      message: 'Unexpected failure: x is not a function',
      hint: 'This is a defect of zebu. Run again with --debug and report what it prints.',
    });
  });

  it('keeps a folder from whoever runs zebu', async () => {
    const place = '/dev/null/lab';
    expect(await refusal(project, ['lab:up', '--state-dir', place])).toMatchObject({
      code: 'FILE_REFUSED',
      exit: 6,
      message: `${place}: something on the way to it is no folder (mkdir: ENOTDIR)`,
      details: { path: place },
    });
  });
});

describe('Proxmox', () => {
  let over: Project;
  beforeAll(() => {
    over = makeProject({ lab, app: 'refused-api', transport: 'api' });
  });
  afterAll(() => over.remove());
  const status = (options: Parameters<typeof refusal>[2], ...set: readonly string[]): ReturnType<typeof refusal> =>
    refusal(over, ['vm:status', ...set.flatMap((each) => ['--set', each])], options);

  it('is not asked without a token, or where somebody else answers', async () => {
    expect(await status({}, 'proxmox.token_file=none')).toMatchObject({ code: 'CREDENTIAL_MISSING', exit: 3 });
    const other = Array.from({ length: 32 }, () => '00').join(':');
    expect(await status({}, `proxmox.fingerprint=${other}`)).toMatchObject({ code: 'TLS_UNTRUSTED', exit: 4 });
  });

  it('says no to a token that is not one, and to what it is asked', async () => {
    const token = 'root@pam!none=00000000-0000-0000-0000-000000000000';
    expect(await status({ env: { ZEBU_PROXMOX_TOKEN: token } })).toMatchObject({ code: 'AUTH_FAILED', exit: 4 });
    await fault(lab, { kind: 'status', path: '/cluster/resources', status: 501, reason: 'not today' });
    expect(await status({})).toMatchObject({
      code: 'PROXMOX_REFUSED',
      exit: 5,
      message: expect.stringContaining('not today') as string,
    });
  });
});

it('secrets that zebu.yml does not declare', async () => {
  expect(await refusal(project, ['secrets:set', 'API_KEI'], { stdin: 'x-value-of-the-test\n' })).toEqual({
    code: 'SECRET_UNKNOWN',
    exit: 6,
    message: 'API_KEI is not declared in zebu.yml; there is API_KEY',
    hint: 'Did you mean API_KEY?',
    details: { name: 'API_KEI', declared: ['API_KEY'] },
  });
});

it('a maintenance page without a proxy to show it', async () => {
  expect(await refusal(project, ['app:maintenance', 'on'])).toMatchObject({
    code: 'PROXY_MISSING',
    exit: 6,
    message: 'refused has no front proxy that could show a maintenance page',
  });
});

describe('the lab', () => {
  it('of another shape under a name that is taken, and one that is not there', async () => {
    const there = ['--name', lab.name, '--state-dir', lab.stateDir];
    expect(await refusal(project, ['lab:up', ...there, '--guests', lab.guests, '--nodes', '3'])).toEqual({
      code: 'LAB_FAILED',
      exit: 6,
      message: `The lab ${lab.name} exists with 1 node(s) of version 8`,
      hint: `Take it down first (zebu lab:down --name ${lab.name}), or choose another --name.`,
    });
    const none = ['--name', 'none', '--state-dir', join(scratch, 'none')];
    expect(await refusal(project, ['lab:status', ...none])).toMatchObject({
      code: 'LAB_FAILED',
      message: 'There is no lab none',
    });
  });

  it('on a port that is in use', async () => {
    const stateDir = join(scratch, 'lab');
    const port = String(lab.api.port);
    const args = ['lab:up', '--name', 'port', '--state-dir', stateDir, '--api-port', port];
    expect(await refusal(project, args)).toMatchObject({
      code: 'LAB_FAILED',
      message: `Port ${port} on 127.0.0.1 is in use`,
    });
  });

  it('without root', async () => {
    // Another user who may read everything, wherever this checkout is.
    const caps = ['--inh-caps=-all,+dac_override', '--ambient-caps=+dac_override', '--bounding-set=-all,+dac_override'];
    const user = ['--reuid=65534', '--regid=65534', '--clear-groups', ...caps];
    const words = [...user, process.execPath, `${ROOT}bin/run.js`, 'lab:up', '--name', 'nobody', '--json'];
    const stateDir = join(scratch, 'nobody');
    const { status, stdout, stderr } = spawnSync('setpriv', [...words, '--state-dir', stateDir], {
      cwd: scratch,
      encoding: 'utf8',
    });
    expect(refusalOf({ code: status, signal: null, stdout, stderr })).toEqual({
      code: 'LAB_UNSUPPORTED',
      exit: 6,
      message: 'The lab needs root: it makes bridges, namespaces and virtual machines',
      hint: 'Run it with sudo.',
    });
    expect(existsSync(stateDir)).toBe(false);
  });
});
