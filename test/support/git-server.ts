import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as plainServer } from 'node:net';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { QUICK_EXCHANGE } from './guest-shell.js';

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

const freePort = (address: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = plainServer().once('error', reject);
    server.listen(0, address, () => {
      const found = server.address();
      server.close(() => resolve(typeof found === 'object' && found !== null ? found.port : 0));
    });
  });

/** A bare repository on this machine, with an sshd of its own before it, and git's own smart HTTP over TLS. */
export class GitServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'zebu-git-server-'));
  readonly repository = join(this.folder, 'shop.git');
  /** Home of a person who knows the server's host key. */
  readonly home = join(this.folder, 'home');
  readonly address: string;
  readonly port: number;
  #sshd: ChildProcess | undefined;
  #https: Server | undefined;
  /** Requests over https: whether they had the token. */
  readonly asked: boolean[] = [];

  private constructor(address: string, port: number) {
    [this.address, this.port] = [address, port];
    mkdirSync(join(this.home, '.ssh'), { recursive: true, mode: 0o700 });
    run('git', ['init', '-q', '--bare', '-b', 'main', this.repository]);
    writeFileSync(join(this.folder, 'authorized_keys'), '');
    this.newHostKey();
    this.know();
  }

  /** @param address where guests reach this machine */
  static async start(address: string): Promise<GitServer> {
    const server = new GitServer(address, await freePort(address));
    await server.up();
    return server;
  }

  get url(): string {
    return `ssh://root@${this.address}:${this.port}${this.repository}`;
  }

  newHostKey(): void {
    const file = join(this.folder, 'host_key');
    for (const each of [file, `${file}.pub`]) rmSync(each, { force: true });
    run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  }

  /** The person learns the key there is now. */
  know(): void {
    const key = readFileSync(join(this.folder, 'host_key.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
    writeFileSync(join(this.home, '.ssh/known_hosts'), `[${this.address}]:${this.port} ${key}\n`);
  }

  /** Lets a key read the repository, and do nothing else. */
  allow(key: string): void {
    writeFileSync(
      join(this.folder, 'authorized_keys'),
      `restrict,command="git-upload-pack '${this.repository}'" ${key}\n`,
    );
  }

  async up(): Promise<void> {
    mkdirSync('/run/sshd', { recursive: true });
    const config = join(this.folder, 'sshd_config');
    writeFileSync(
      config,
      [
        `ListenAddress ${this.address}:${this.port}`,
        `HostKey ${join(this.folder, 'host_key')}`,
        `AuthorizedKeysFile ${join(this.folder, 'authorized_keys')}`,
        `PidFile ${join(this.folder, 'pid')}`,
        'StrictModes no',
        'UsePAM no',
        QUICK_EXCHANGE.replace('=', ' '),
        'PasswordAuthentication no',
        'PermitRootLogin prohibit-password',
        '',
      ].join('\n'),
    );
    this.#sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', config], { stdio: 'ignore' });
    for (let tries = 0; tries < 50; tries++) {
      if (spawnSync('ssh-keyscan', ['-T', '1', '-p', String(this.port), this.address]).stdout.length > 0) return;
      await sleep(100);
    }
    throw new Error('the sshd of the git server did not start');
  }

  async down(): Promise<void> {
    this.#sshd?.kill();
    await new Promise((done) => (this.#sshd?.exitCode === null ? this.#sshd.once('exit', done) : done(undefined)));
  }

  /** Smart HTTP for whoever has the token. @returns its address and the certificate of its authority */
  async https(token: string): Promise<{ readonly url: string; readonly authority: string }> {
    const [key, cert] = [join(this.folder, 'tls.key'), join(this.folder, 'tls.pem')];
    const options = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=git',
    ];
    run('openssl', [
      'req',
      '-x509',
      ...options,
      '-addext',
      `subjectAltName=IP:${this.address}`,
      '-keyout',
      key,
      '-out',
      cert,
    ]);
    const authority = readFileSync(cert, 'utf8');
    this.#https = createServer({ key: readFileSync(key), cert: authority }, (request, response) => {
      const [, given = ''] = (request.headers.authorization ?? '').split(' ');
      const known = Buffer.from(given, 'base64').toString().split(':')[1] === token;
      this.asked.push(known);
      if (!known) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
        return;
      }
      const { pathname, search } = new URL(request.url ?? '/', 'https://x');
      const child = spawn('/usr/lib/git-core/git-http-backend', [], {
        env: {
          PATH: process.env['PATH'],
          GIT_PROJECT_ROOT: this.folder,
          GIT_HTTP_EXPORT_ALL: '1',
          PATH_INFO: pathname,
          QUERY_STRING: search.slice(1),
          REQUEST_METHOD: request.method,
          CONTENT_TYPE: request.headers['content-type'],
          CONTENT_LENGTH: request.headers['content-length'],
          HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
          HTTP_GIT_PROTOCOL: request.headers['git-protocol'] as string | undefined,
          REMOTE_USER: 'git',
        },
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      request.pipe(child.stdin);
      const parts: Buffer[] = [];
      child.stdout.on('data', (part: Buffer) => parts.push(part));
      child.once('close', () => {
        const all = Buffer.concat(parts);
        const cut = all.indexOf('\r\n\r\n');
        const headers = Object.fromEntries(
          all
            .subarray(0, cut)
            .toString()
            .split('\r\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
        );
        const { Status: status = '200', ...others } = headers;
        response.writeHead(Number.parseInt(status, 10), others).end(all.subarray(cut + 4));
      });
    });
    const port = await freePort(this.address);
    await new Promise<void>((done) => this.#https?.listen(port, this.address, done));
    return { url: `https://${this.address}:${port}/shop.git`, authority };
  }

  async remove(): Promise<void> {
    this.#https?.closeAllConnections();
    this.#https?.close();
    await this.down();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
