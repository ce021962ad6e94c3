import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from './cli.js';
import type { Project } from './project.js';

/** What `app.proxy.image` of a test is: no registry is asked. */
export const CADDY_IMAGE = 'zebu-test/caddy:2';

/** A Caddyfile for one that is an ACME server itself, reached at an address of the VM. */
export const acmeServer = (host: string): string => `{
	admin off
	skip_install_trust
	default_sni ${host}
	auto_https disable_redirects
}
https://${host}:9443 {
	tls internal
	acme_server
}
`;

function run(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Makes an image of a folder, and loads it into the VM of a project. */
async function loadFolder(project: Project, root: string, image: string): Promise<void> {
  const archive = mkdtempSync(join(tmpdir(), 'zebu-image-'));
  try {
    run('tar', ['-cf', join(archive, 'image.tar'), '-C', root, '.'], archive);
    const args = [`${ROOT}bin/run.js`, 'vm:ssh', '--', 'docker', 'import', '-c', 'ENV PATH=/usr/bin', '-', image];
    const child = spawn(process.execPath, args, {
      cwd: project.folder,
      env: { ...process.env, ...project.env },
      stdio: [openSync(join(archive, 'image.tar'), 'r'), 'ignore', 'inherit'],
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`docker import ended with ${String(code)}`);
  } finally {
    rmSync(archive, { recursive: true, force: true });
  }
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
    await loadFolder(project, root, CADDY_IMAGE);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Caddy with a module for the DNS and, as `labdns`, the server that this writes to. Built once for each state of their sources. */
export const CADDY_DNS_IMAGE = 'zebu-test/caddy-dns:2';

export async function loadCaddyDns(project: Project): Promise<void> {
  const sources = join(ROOT, 'test/support/caddy-dns');
  const hash = createHash('sha256');
  for (const name of ['build.sh', 'caddy/main.go', 'dns/main.go']) hash.update(readFileSync(join(sources, name)));
  const root = join(ROOT, '.build/caddy-dns', hash.digest('hex').slice(0, 12));
  if (!existsSync(join(root, 'usr/bin/caddy')))
    run('sh', [join(sources, 'build.sh'), sources, join(root, 'usr/bin')], sources);
  await loadFolder(project, root, CADDY_DNS_IMAGE);
}
