import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import GONE from '../../src/lib/app-folder/gone.sh';
import COMPOSE from '../../src/lib/runner/compose.sh';
import CONFIG from '../../src/lib/runner/config.sh';
import DATA from '../../src/lib/runner/data.sh';
import FILES from '../../src/lib/runner/files.sh';
import MOUNTS from '../../src/lib/runner/mounts.sh';
import REASON from '../../src/lib/runner/reason.sh';
import SOURCES from '../../src/lib/runner/sources.sh';
import TEND from '../../src/lib/runner/tend.sh';
import { runIn, type VmShell } from './shells.js';

/** A bind mount as `docker compose config` prints it. */
export interface Bind {
  readonly source: string;
  readonly target: string;
  readonly readOnly?: boolean;
}

/** What the runner made of the paths of a project. */
export interface Decision {
  readonly code: number | null;
  readonly reason: string;
  readonly said: readonly string[];
  /** The Compose file that it adds; empty without one. */
  readonly overlay: string;
}

/** An app's folder in the VM with one release, judged by the runner's own functions. */
export class ReleaseFolder {
  readonly base = mkdtempSync(join(tmpdir(), 'zebu-release-'));
  readonly release = join(this.base, 'releases/r2');
  readonly #shell: VmShell;

  /** @param shell what runs the functions */
  constructor(shell: VmShell) {
    this.#shell = shell;
    this.write('releases/r2/tree/compose.yml', '');
    mkdirSync(join(this.base, 'work'));
    mkdirSync(join(this.base, 'shared/mounts'), { recursive: true });
  }

  /** @param path below the app's folder */
  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.base, path)), { recursive: true });
    writeFileSync(join(this.base, path), text);
  }

  has(path: string): boolean {
    return existsSync(join(this.base, path));
  }

  read(path: string): string {
    return readFileSync(join(this.base, path), 'utf8');
  }

  /** A path of the commit as Compose resolves it. */
  inTree(path: string): string {
    return join(this.release, 'tree', path);
  }

  mount({ source, target, readOnly = false }: Bind): object {
    const bind = { create_host_path: true };
    return { type: 'bind', source, target, ...(readOnly ? { read_only: true } : {}), bind };
  }

  /** @param then what runs after the decision, with its functions; @param docker a stand-in's shell commands */
  decide(config: object, then = ':', docker = 'exit 1'): Decision {
    this.write('work/config', JSON.stringify({ name: 'shop', networks: {}, ...config }, null, 2));
    this.write('bin/docker', `#!/bin/sh\n${docker}\n`);
    chmodSync(join(this.base, 'bin/docker'), 0o755);
    const script = `base=${this.base} release=${this.release} work=${this.base}/work id=r2 previous=r1 files='-f compose.yml'
tree=$release/tree directory=$release/tree reason= limit=60
${GONE}${COMPOSE}${REASON}${CONFIG}${SOURCES}${MOUNTS}${DATA}${TEND}${FILES}
logged() { "$@" >>"$work/journal"; }
sudo() { return 1; }
# What every Debian and Ubuntu has, and the readlink of a busybox is without: -m.
readlink() { /usr/bin/readlink "$@"; }
read_config() { :; }
: >"$work/journal"
map_mounts && { ${then}
}
code=$?
printf '%s' "$reason"
exit $code`;
    const { code, stdout, stderr } = runIn(this.#shell, script, { env: { PATH: `${this.base}/bin` } });
    if (stderr !== '') throw new Error(stderr);
    const overlay = join(this.release, 'shared.yml');
    return {
      code,
      reason: stdout,
      said: this.read('work/journal')
        .split('\n')
        .filter((line) => line !== ''),
      overlay: existsSync(overlay) ? readFileSync(overlay, 'utf8') : '',
    };
  }

  remove(): void {
    rmSync(this.base, { recursive: true });
  }
}
