import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from './cli.js';
import type { TokenServer } from './token-server.js';

function run(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

async function freePort(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, address, () => {
      const found = server.address();
      server.close(() => resolve(typeof found === 'object' && found !== null ? found.port : 0));
    });
  });
}

/** Debian's docker-registry on this machine, over TLS with an authority of its own, for users with passwords. */
export class DockerRegistry {
  readonly #folder: string;
  readonly #address: string;
  readonly #port: number;
  readonly #users: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;
  #tokens: ChildProcess | undefined;

  private constructor(folder: string, address: string, port: number, users: Readonly<Record<string, string>>) {
    [this.#folder, this.#address, this.#port, this.#users] = [folder, address, port, users];
  }

  /** @param address where guests reach this machine @param users name → password */
  static async make(address: string, users: Readonly<Record<string, string>>): Promise<DockerRegistry> {
    const folder = mkdtempSync(join(tmpdir(), 'zebu-registry-'));
    const registry = new DockerRegistry(folder, address, await freePort(address), users);
    run('apt-get', ['-q', 'download', 'docker-registry'], folder);
    run('sh', ['-c', 'dpkg-deb -x docker-registry_*.deb deb'], folder);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    run('openssl', ['req', '-x509', ...key, '-subj', '/CN=Authority', '-keyout', 'ca.key', '-out', 'ca.pem'], folder);
    const name = ['-subj', '/CN=registry', '-addext', `subjectAltName=IP:${address}`];
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-addext', 'basicConstraints=critical,CA:FALSE'];
    run('openssl', ['req', '-x509', ...key, ...name, ...signed, '-keyout', 'key.pem', '-out', 'cert.pem'], folder);
    // bcrypt, the only kind it takes, from the C library.
    const lines = Object.entries(users).map(([user, password]) =>
      run(
        'perl',
        ['-e', 'print "$ARGV[0]:", crypt($ARGV[1], q($2y$04$zebuzebuzebuzebuzebuze)), "\\n"', user, password],
        folder,
      ),
    );
    writeFileSync(join(folder, 'htpasswd'), lines.join(''));
    await registry.#configure({ htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } });
    return registry;
  }

  #file(name: string): string {
    return readFileSync(join(this.#folder, name), 'utf8');
  }

  async #configure(auth: object): Promise<void> {
    const [certificate, key] = [join(this.#folder, 'cert.pem'), join(this.#folder, 'key.pem')];
    const config = {
      version: 0.1,
      storage: { filesystem: { rootdirectory: join(this.#folder, 'data') } },
      http: { addr: this.host, tls: { certificate, key } },
      auth,
    };
    writeFileSync(join(this.#folder, 'config.yml'), JSON.stringify(config));
    await this.stop();
    await this.start();
  }

  /** From here on as GHCR, Docker Hub and GitLab do it: passwords are for a server that gives tokens for a moment. */
  async useTokens(): Promise<void> {
    const service = 'registry-of-the-test';
    const [certificate, key] = [this.#file('cert.pem'), this.#file('key.pem')];
    const told: TokenServer = { address: this.#address, certificate, key, users: this.#users, service };
    const tokens = spawn(process.execPath, [join(ROOT, 'test/support/token-server.ts')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#tokens = tokens;
    tokens.stdin.end(JSON.stringify(told));
    const port = await new Promise<string>((resolve) => tokens.stdout.once('data', (line) => resolve(String(line))));
    const realm = `https://${this.#address}:${port.trim()}/token`;
    await this.#configure({ token: { realm, service, issuer: service, rootcertbundle: join(this.#folder, 'ca.pem') } });
  }

  /** As images are named. */
  get host(): string {
    return `${this.#address}:${this.#port}`;
  }

  get authority(): string {
    return this.#file('ca.pem');
  }

  /** What it was asked so far. */
  get log(): string {
    return this.#file('log');
  }

  async start(): Promise<void> {
    const log = openSync(join(this.#folder, 'log'), 'a');
    const program = join(this.#folder, 'deb/usr/bin/docker-registry');
    this.#process = spawn(program, ['serve', join(this.#folder, 'config.yml')], { stdio: ['ignore', log, log] });
    for (let tries = 0; !(await this.#answers()); tries++) {
      if (tries > 100) throw new Error(`docker-registry does not answer: ${this.log}`);
      await sleep(100);
    }
  }

  async #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const asked = request({ host: this.#address, port: this.#port, path: '/v2/', ca: this.authority }, (answer) => {
        answer.resume();
        resolve(answer.statusCode === 401);
      });
      asked.once('error', () => resolve(false)).end();
    });
  }

  /** Gives a tag to the image of another tag, or of a digest. With passwords, not with tokens. */
  async retag(repository: string, from: string, to: string): Promise<void> {
    const type = 'application/vnd.docker.distribution.manifest.v2+json';
    const [[user, password] = ['', '']] = Object.entries(this.#users);
    const ask = (method: string, name: string, body?: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const asked = request(
          {
            ...{ method, host: this.#address, port: this.#port, path: `/v2/${repository}/manifests/${name}` },
            ...{ ca: this.authority, auth: `${user}:${password}`, headers: { accept: type, 'content-type': type } },
          },
          (answer) => {
            let text = '';
            answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
            answer.on('end', () =>
              (answer.statusCode ?? 500) < 300
                ? resolve(text)
                : reject(new Error(`${answer.statusCode ?? ''} ${text}`)),
            );
          },
        );
        asked.once('error', reject).end(body);
      });
    await ask('PUT', to, await ask('GET', from));
  }

  async stop(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running === undefined) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill();
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    this.#tokens?.kill();
    rmSync(this.#folder, { recursive: true });
  }
}
