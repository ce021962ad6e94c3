import type { Transport, TransportContext } from '../../plugins/kit/src/index.js';
import { createConsole } from '../../plugins/kit/src/console.js';
import type { LabReport } from '../../plugins/lab/src/instance/up.js';
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

export function contextFor(lab: LabReport, id: TransportId, options: TransportOptions = {}): TransportContext {
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

/** One of the two built-in transports, connected to a lab. */
export function connect(lab: LabReport, id: TransportId, options: TransportOptions = {}): Promise<Transport> {
  return (id === 'ssh' ? ssh : api).connect(contextFor(lab, id, options));
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
