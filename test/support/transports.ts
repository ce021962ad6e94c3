import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Transport, TransportContext } from '../../plugins/kit/src/index.js';
import { createConsole } from '../../plugins/kit/src/console.js';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';
import { factory as api } from '../../plugins/transport-api/src/index.js';
import { factory as ssh } from '../../plugins/transport-ssh/src/index.js';
import { Capture } from './capture.js';
import { proxmoxSection, type TransportId } from './project.js';

export interface TransportOptions {
  /** Over what points at the lab; undefined takes a key away. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

function contextFor(lab: LabReport, id: TransportId, options: TransportOptions = {}): TransportContext {
  const io = createConsole({
    stdout: new Capture(),
    stderr: new Capture(),
    stdin: {},
    env: {},
    json: false,
    debug: false,
  });
  return {
    io,
    signal: options.signal ?? new AbortController().signal,
    settings: { ...proxmoxSection(lab, id), ...options.settings },
    env: (name) => options.env?.[name],
    origin: (key) => `proxmox.${key}`,
  };
}

/** The ways to a node: the third is that of the transport `ssh` where sshd forwards nothing. */
export type Way = TransportId | 'ssh without forwarding';

/** A built-in transport, connected to a lab. */
export function connect(lab: LabReport, way: Way, options: TransportOptions = {}): Promise<Transport> {
  if (way === 'api') return api.connect(contextFor(lab, way, options));
  const settings = way === 'ssh' ? options.settings : { identity_file: keyWithoutForwarding(lab), ...options.settings };
  return ssh.connect(contextFor(lab, 'ssh', { ...options, ...(settings === undefined ? {} : { settings }) }));
}

/** A key that the lab's node lets in, and for which it forwards nothing. */
export function keyWithoutForwarding(lab: LabReport): string {
  const file = join(dirname(lab.ssh.identityFile), 'id_no_forwarding');
  if (!existsSync(file)) {
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
    const accepted = join(dirname(lab.ssh.identityFile), 'authorized_keys');
    appendFileSync(accepted, `no-port-forwarding ${readFileSync(`${file}.pub`, 'utf8')}`);
  }
  return file;
}

/** A request whose path needs no template. */
export function ask(
  transport: Transport,
  method: string,
  path: string,
  params: Record<string, unknown> = {},
): Promise<unknown> {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return transport.doRequest(method, `/api2/json${encoded}`, path, params);
}
