import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface DemoLab {
  readonly api: { readonly port: number; readonly fingerprint: string; readonly tokenFile: string };
  readonly ssh: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly identityFile: string;
    readonly knownHostsFile: string;
  };
  readonly image: { readonly url: string; readonly sha256: string };
}

const EXAMPLE = fileURLToPath(new URL('../examples/shop', import.meta.url));

function git(folder: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync('git', ['-c', 'user.name=Demo', '-c', 'user.email=demo@example.org', ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
}

/** The example's zebu.yml with what a person would add for their own host: here, the lab. */
function configFor(lab: DemoLab): { main: string; api: string } {
  const example = readFileSync(join(EXAMPLE, 'zebu.yml'), 'utf8');
  const proxmox = [
    'proxmox:',
    '  transport: ssh',
    `  host: ${lab.ssh.host}`,
    `  port: ${lab.ssh.port}`,
    `  user: ${lab.ssh.user}`,
    `  identity_file: ${lab.ssh.identityFile}`,
    `  known_hosts: ${lab.ssh.knownHostsFile}`,
    '',
  ].join('\n');
  const vm = [
    '  identity_file: ../id_ed25519',
    '  image:',
    `    url: ${lab.image.url}`,
    `    checksum: sha256:${lab.image.sha256}`,
  ].join('\n');
  return {
    main: `${proxmox}\n${example.replace('vm:\n', `vm:\n${vm}\n`)}`,
    // `--env api`: the same host, over its REST API.
    api: `proxmox:\n  transport: api\n  port: ${lab.api.port}\n  token_file: ${lab.api.tokenFile}\n  fingerprint: "${lab.api.fingerprint}"\n`,
  };
}

/**
 * Makes, or brings up to date, the repository the demo deploys from: the sample app at three tags, of which the last does not start, and a key
 * for its VM.
 * @param folder inside one that is the demo's own
 */
export function makeShopRepository(folder: string, lab: DemoLab): void {
  const fresh = !existsSync(join(folder, '.git'));
  mkdirSync(folder, { recursive: true });
  const key = join(folder, '..', 'id_ed25519');
  if (!existsSync(key))
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'zebu-demo', '-f', key], { stdio: 'inherit' });
  if (fresh) {
    cpSync(EXAMPLE, folder, { recursive: true });
    git(folder, 'init', '-q', '-b', 'main');
    writeFileSync(
      join(folder, '.gitignore'),
      `${readFileSync(join(EXAMPLE, '.gitignore'), 'utf8')}zebu.yml\nzebu.*.yml\n`,
    );
    git(folder, 'add', '-A');
    git(folder, 'commit', '-qm', 'Shop 1.0.0');
    git(folder, 'tag', 'v1.0.0');
    writeFileSync(join(folder, 'web/www/version'), 'v1.1.0\n');
    git(folder, 'commit', '-qam', 'Shop 1.1.0');
    git(folder, 'tag', 'v1.1.0');
    // The folder is not there: the server ends at once.
    const dockerfile = readFileSync(join(folder, 'web/Dockerfile'), 'utf8');
    writeFileSync(join(folder, 'web/Dockerfile'), dockerfile.replace('"/www"', '"/wwww"'));
    git(folder, 'commit', '-qam', 'Shop 1.2.0, with a typing error');
    git(folder, 'tag', 'v1.2.0');
    writeFileSync(join(folder, '.env'), `API_KEY=${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
  }
  const config = configFor(lab);
  writeFileSync(join(folder, 'zebu.yml'), config.main);
  writeFileSync(join(folder, 'zebu.api.yml'), config.api);
}
