import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { ROOT, zebu, zebuJson, type CliOptions, type CliRun } from './cli.js';
import { startedWell } from './starter.js';

export type TransportId = 'api' | 'ssh';

/** A git repository with an app and a zebu.yml that points at a lab; its own state folder, so tests stay apart. */
export interface Project {
  readonly folder: string;
  readonly app: string;
  readonly env: Readonly<Record<string, string>>;
  /** Private key the VM lets its user in with. */
  readonly key: string;
  zebu(args: readonly string[], options?: Partial<CliOptions>): Promise<CliRun>;
  /** The result of a command that must succeed. */
  json<Result>(args: readonly string[], options?: Partial<CliOptions>): Promise<Result>;
  write(file: string, text: string, mode?: number): void;
  read(file: string): string;
  git(...args: readonly string[]): string;
  /** Commits everything and tags it. */
  release(tag: string): void;
  remove(): void;
}

export function git(folder: string, ...args: readonly string[]): string {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
  return startedWell('git', [...identity, ...args], { cwd: folder }).trim();
}

/** The `proxmox` section for a lab over one of its wires. */
export function proxmoxSection(lab: LabReport, transport: TransportId): Record<string, unknown> {
  return transport === 'ssh'
    ? {
        transport,
        host: lab.ssh.host,
        port: lab.ssh.port,
        user: lab.ssh.user,
        identity_file: lab.ssh.identityFile,
        known_hosts: lab.ssh.knownHostsFile,
      }
    : {
        transport,
        host: lab.api.host,
        port: lab.api.port,
        token_file: lab.api.tokenFile,
        fingerprint: lab.api.fingerprint,
      };
}

export interface ProjectOptions {
  readonly lab: LabReport;
  readonly app: string;
  readonly transport?: TransportId;
  /** Copied into the repository; an example such as `shop`, or nothing. */
  readonly example?: string;
  readonly files?: Readonly<Record<string, string>>;
  /** Sections merged over what is made: `{vm: {cores: 1}}`. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** The zebu that is run, in the home that it has; without it the one of this checkout, with folders of its own. */
  readonly installed?: Pick<CliOptions, 'env' | 'program'>;
  /** Where secrets come from: ids, or entries as in zebu.yml. */
  readonly secretSources?: readonly (Readonly<Record<string, unknown>> | string)[];
}

export function makeProject(options: ProjectOptions): Project {
  const { lab, app, transport = 'ssh', config = {} } = options;
  const top = mkdtempSync(join(tmpdir(), `zebu-${app}-`));
  const folder = join(top, 'repository');
  mkdirSync(folder);
  if (options.example !== undefined) cpSync(join(ROOT, 'examples', options.example), folder, { recursive: true });
  const key = join(top, 'id_ed25519');
  startedWell('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'zebu-test', '-f', key]);
  const write = (file: string, text: string, mode?: number): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text, mode === undefined ? {} : { mode });
  };
  const sections: Record<string, Record<string, unknown>> = {
    app: { name: app, ...config['app'] },
    proxmox: { ...proxmoxSection(lab, transport), ...config['proxmox'] },
    vm: {
      memory_mb: 512,
      disk_gb: 10,
      identity_file: key,
      image: { url: lab.image.url, checksum: `sha256:${lab.image.sha256 ?? ''}` },
      ...config['vm'],
    },
  };
  for (const [name, section] of Object.entries(config)) sections[name] ??= { ...section };
  const sources = options.secretSources?.map((source) => (typeof source === 'string' ? { use: source } : source));
  write('zebu.yml', stringify({ ...sections, ...(sources === undefined ? {} : { secret_sources: sources }) }));
  for (const [file, text] of Object.entries(options.files ?? {})) write(file, text);
  git(folder, 'init', '-q', '-b', 'main');
  const env: Record<string, string> =
    options.installed === undefined
      ? {
          // With a blank, as the folder of a user on Windows often has one.
          ZEBU_STATE_DIR: join(top, 'its state'),
          XDG_DATA_HOME: join(top, 'data'),
          XDG_CONFIG_HOME: join(top, 'config'),
        }
      : {};
  const { program, env: home } = options.installed ?? {};
  const withDefaults = (extra: Partial<CliOptions> = {}): CliOptions => ({
    cwd: folder,
    ...(program === undefined ? {} : { program }),
    ...extra,
    env: { ...home, ...env, ...extra.env },
  });
  return {
    folder,
    app,
    env,
    key,
    zebu: (args, extra) => zebu(args, withDefaults(extra)),
    json: (args, extra) => zebuJson(args, withDefaults(extra)),
    write,
    read: (file) => readFileSync(join(folder, file), 'utf8'),
    git: (...args) => git(folder, ...args),
    release: (tag) => {
      git(folder, 'add', '-A');
      git(folder, 'commit', '-q', '--allow-empty', '-m', tag);
      // A test that is tried once more makes its release once more.
      git(folder, 'tag', '-f', tag);
    },
    remove: () => rmSync(top, { recursive: true, force: true }),
  };
}
