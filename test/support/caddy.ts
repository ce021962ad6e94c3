import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from './cli.js';
import type { Project } from './project.js';

/** What `app.proxy.image` of a test is: no registry is asked. */
export const CADDY_IMAGE = 'zebu-test/caddy:2';

function run(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Makes an image of Debian's caddy with the libraries it needs, and loads it into the VM of a project. */
export async function loadCaddy(project: Project): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'zebu-caddy-'));
  try {
    run('apt-get', ['-q', 'download', 'caddy'], work);
    run('sh', ['-c', 'dpkg-deb -x caddy_*.deb deb'], work);
    const root = join(work, 'root');
    const program = join(work, 'deb/usr/bin/caddy');
    const libraries = run('ldd', [program], work).match(/\/\S+/g) ?? [];
    for (const [from, to] of [[program, '/usr/bin/caddy'], ...libraries.map((file) => [file, file])] as const) {
      if (from === undefined || to === undefined) continue;
      mkdirSync(dirname(join(root, to)), { recursive: true });
      copyFileSync(from, join(root, to));
    }
    run('tar', ['-cf', 'caddy.tar', '-C', root, '.'], work);
    const args = [`${ROOT}bin/run.js`, 'vm:ssh', '--', 'docker', 'import', '-c', 'ENV PATH=/usr/bin', '-', CADDY_IMAGE];
    const child = spawn(process.execPath, args, {
      cwd: project.folder,
      env: { ...process.env, ...project.env },
      stdio: [openSync(join(work, 'caddy.tar'), 'r'), 'ignore', 'inherit'],
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`docker import ended with ${String(code)}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
