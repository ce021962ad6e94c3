import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { Provisioner, Target, TransportId } from './target.js';
import PRE_BUILD_BODY from './pre-build.sh';

/** One way to the node, one way to a VM. */
export interface Combination {
  readonly transport: TransportId;
  readonly provisioner: Provisioner;
  readonly vmid: number;
}

/** Every name the suite gives begins so: what carries it may be removed. */
export const NAME_PREFIX = 'zebu-acceptance';

export interface Project {
  readonly app: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where the conversation with Proxmox is written. */
  readonly recording: string;
  /** Writes zebu.yml anew with this over its section `vm`. */
  configure(vm: Readonly<Record<string, unknown>>): void;
  /** A commit whose app answers with `text`, tagged. */
  release(tag: string, text: string): void;
  remove(): void;
}

/** Makes the file system of the image. */
const PRE_BUILD = `#!/bin/sh\n${PRE_BUILD_BODY}`;

const FILES = {
  'compose.yml': `services:
  web:
    build: .
    restart: unless-stopped
    init: true
    ports: ["8080:8080"]
    volumes: ["data:/data"]
    healthcheck: { test: [CMD, /bin/busybox, wget, -q, -O, /dev/null, "http://127.0.0.1:8080/version"], interval: 2s }
volumes: { data: }
`,
  Dockerfile: `FROM scratch
COPY root /
COPY www /www
CMD ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]
`,
  '.gitignore': 'root\n',
};

export function makeProject(target: Target, { transport, provisioner, vmid }: Combination): Project {
  const app = `${NAME_PREFIX}-${transport}-${provisioner === 'cloud-image' ? 'image' : 'script'}`;
  const top = mkdtempSync(join(tmpdir(), `${app}-`));
  const folder = join(top, 'repository');
  const key = join(top, 'id_ed25519');
  const write = (file: string, text: string, mode?: number): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text, mode === undefined ? {} : { mode });
  };
  const git = (...args: readonly string[]): void => {
    const identity = ['-c', 'user.name=zebu', '-c', 'user.email=zebu@example.org'];
    const { status, stderr } = spawnSync('git', [...identity, ...args], { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${args[0] ?? ''}: ${stderr}`);
  };
  mkdirSync(folder);
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', NAME_PREFIX, '-f', key]);
  for (const [file, text] of Object.entries(FILES)) write(file, text);
  write('.zebu/hooks/pre-build', PRE_BUILD, 0o755);
  git('init', '-q', '-b', 'main');
  const script = provisioner === 'community-script' ? target.prepareScript?.(folder) : undefined;
  const configure = (vm: Readonly<Record<string, unknown>>): void =>
    write(
      'zebu.yml',
      stringify({
        app: { name: app },
        proxmox: { transport, ...target.proxmox[transport] },
        vm: {
          vmid,
          provisioner,
          cores: 1,
          memory_mb: 1024,
          identity_file: key,
          ...(provisioner === 'cloud-image' ? { image: target.image } : {}),
          ...(script === undefined ? {} : { script }),
          ...target.vm,
          ...vm,
        },
      }),
    );
  configure({});
  const recording = join(top, 'conversation.jsonl');
  const folders = {
    ZEBU_STATE_DIR: join(top, 'state'),
    XDG_DATA_HOME: join(top, 'data'),
    XDG_CONFIG_HOME: join(top, 'config'),
  };
  return {
    app,
    folder,
    recording,
    env: { ...target.env, ...folders, ZEBU_RECORD_PROXMOX: recording, NO_UPDATE_NOTIFIER: '1' },
    configure,
    release: (tag, text) => {
      write('www/version', `${text}\n`);
      git('add', '-A');
      git('commit', '-q', '--allow-empty', '-m', tag);
      git('tag', tag);
    },
    remove: () => rmSync(top, { recursive: true, force: true }),
  };
}
