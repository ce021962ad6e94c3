import { createReadStream, rmSync, statSync } from 'node:fs';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { createServer as createHttp, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { GuestBackend, GuestSpec } from './guest/backend.js';
import { NamespaceBackend } from './guest/namespace.js';
import { QemuBackend } from './guest/qemu.js';
import type { Accel } from './guest/qemu-argv.js';
import type { LabImage } from './image/index.js';
import { sshDoor } from './host/shell.js';
import { certificateFingerprint, readTicketKeys, readTokens } from './instance/credentials.js';
import type { Layout } from './instance/layout.js';
import { nodeNames, type LabSettings } from './instance/settings.js';
import { bridgeDevice } from './net/devices.js';
import { handleApi, ROUTES, type Api } from './pve/api.js';
import { readBody } from './pve/body.js';
import { capabilitiesOf, methodAt } from './pve/catalog.js';
import { Faults, type FaultRequest } from './pve/faults.js';
import { HaManager } from './pve/ha-manager.js';
import { LabNode } from './pve/node.js';
import { PVE_VERSIONS } from './pve/versions.js';
import { openSerialPort } from './pve/power.js';
import { Sampler } from './pve/sampler.js';
import { vmSummary } from './pve/routes/status.js';
import { StateFile } from './pve/state.js';

/** Everything a daemon needs, decided by `lab:up`; the daemon reads it from its standard input. */
export interface DaemonOptions {
  readonly layout: Layout;
  readonly settings: LabSettings;
  readonly image: LabImage | undefined;
  readonly accel: Accel | undefined;
}

/** How long pveproxy lets a connection say nothing, before its first request and between two, until it hangs up. */
const SILENCE_MS = 5000;

export const IMAGE_NAME = 'zebu-lab-debian-13.qcow2';

function listen(server: Server, where: string | { port: number; host: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => resolve());
  });
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Stops guests; for `lab:down`, which must leave nothing behind. */
async function stopGuests(node: LabNode, ha: HaManager): Promise<void> {
  // It would start them again.
  await ha.stop();
  const specs: GuestSpec[] = Object.entries(node.file.state.vms).map(([id, record]) =>
    node.carrier(record).spec(Number(id), record),
  );
  await Promise.all(specs.map((spec) => node.backend.stop(spec)));
}

/** The lab's own requests, over the control socket: state for `lab:status`, trouble for tests, the end for `lab:down`. */
async function handleControl(
  { node, ha, faults, tickets }: Api & { readonly ha: HaManager },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const what = `${request.method ?? ''} ${request.url ?? ''}`;
  const [, made, user = ''] = /^GET \/lab\/(ticket|csrf)\?user=([^&]+)$/.exec(what) ?? [];
  if (made !== undefined) {
    const login = decodeURIComponent(user);
    const text = made === 'ticket' ? tickets.assembleTicket(login) : tickets.assembleCsrfToken(login);
    response.writeHead(200, { connection: 'close' }).end(text);
    return;
  }
  if (what === 'GET /lab/status') {
    const guests = await Promise.all(
      Object.entries(node.file.state.vms).map(([id, record]) => vmSummary(node.carrier(record), Number(id))),
    );
    const rows = guests.map((guest) => ({ vmid: guest['vmid'], name: guest['name'], status: guest['status'] }));
    json(response, 200, { pid: process.pid, guests: rows });
  } else if (what === 'POST /lab/faults') {
    const { params } = await readBody(request);
    faults.add(params as unknown as FaultRequest, node.tasks);
    json(response, 200, {});
  } else if (what === 'DELETE /lab/faults') {
    faults.clear(node.tasks);
    json(response, 200, {});
  } else if (what === 'POST /lab/bridges') {
    const { params } = await readBody(request);
    const { bridge, ports, vlanAware } = params as { bridge?: string; ports?: string; vlanAware?: boolean };
    node.file.state.bridges[bridge ?? 'vmbr0'] = { ports: ports ?? '', vlanAware: vlanAware === true };
    node.file.save();
    json(response, 200, {});
  } else if (what === 'POST /lab/stop-guests') {
    await stopGuests(node, ha);
    json(response, 200, {});
  } else if (request.url?.startsWith('/lab/method?') === true) {
    const query = new URL(request.url, 'http://lab').searchParams;
    const [method = '', path = ''] = [query.get('method') ?? '', query.get('path') ?? ''];
    const found = methodAt(ROUTES, node.settings.version, method, path);
    const capabilities = capabilitiesOf(node.settings.version, path);
    json(response, 200, { ...(found === undefined ? {} : { method: found }), capabilities });
  } else json(response, 404, {});
}

/** Serves the image like a download mirror, so that `download-url` with a checksum is really exercised. */
function mirror(image: LabImage | undefined): RequestListener {
  return (request, response) => {
    if (image === undefined || request.url !== `/${IMAGE_NAME}`) {
      response.writeHead(404).end();
      return;
    }
    const { size } = statSync(image.qcow2);
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': size });
    pipeline(createReadStream(image.qcow2, { highWaterMark: 1 << 20 }), response).catch(() => response.destroy());
  };
}

function makeBackend(options: DaemonOptions): GuestBackend {
  if (options.settings.guests === 'qemu') return new QemuBackend({ accel: options.accel ?? 'tcg' });
  if (options.image === undefined) throw new Error('namespace guests need the image');
  return new NamespaceBackend({ rootfs: options.image.rootfs });
}

export interface RunningDaemon {
  readonly node: LabNode;
  readonly faults: Faults;
  close(): Promise<void>;
}

/** Runs the node in this process. @param backend another one than the settings say, for tests */
export async function runDaemon(
  options: DaemonOptions,
  backend: GuestBackend = makeBackend(options),
): Promise<RunningDaemon> {
  const { layout, settings, image } = options;
  await mkdir(layout.stateDir, { recursive: true, mode: 0o700 });
  const file = new StateFile(layout.state);
  file.state.tokens = [...(await readTokens(layout)), ...file.state.tokens.filter(({ id }) => id !== 'root@pam!zebu')];
  file.save();
  const node = new LabNode(
    {
      nodes: nodeNames(settings),
      version: PVE_VERSIONS[settings.pve ?? '8'],
      instanceId: settings.instanceId,
      stateDir: layout.stateDir,
      bridges: { vmbr0: bridgeDevice(settings.instanceId) },
      address: `${settings.prefix}.1/24`,
      fingerprint: await certificateFingerprint(layout),
      labImage:
        image === undefined
          ? undefined
          : { sha256: image.sha256, boot: { kernel: image.kernel, initrd: image.initrd, cmdline: image.cmdline } },
    },
    file,
    backend,
  );
  for (const each of node.cluster.values()) await each.storage.prepare();
  for (const [id, record] of Object.entries(file.state.vms)) {
    const carrier = node.carrier(record);
    if (record.config['serial0'] === 'socket' && (await carrier.isRunning(Number(id), record)))
      await openSerialPort(carrier, Number(id));
  }
  const ha = new HaManager(node);
  ha.start();
  const sampler = new Sampler(node);
  sampler.start();
  const faults = new Faults();
  const answering: Api = { node, faults, tickets: await readTicketKeys(layout), answerMs: settings.answerMs ?? 0 };
  const tls = {
    key: await readFile(layout.tlsKey),
    cert: await readFile(layout.tlsCert),
    handshakeTimeout: SILENCE_MS,
    keepAliveTimeout: SILENCE_MS,
  };
  const handle: RequestListener = (request, response) => void handleApi(answering, request, response, false);
  const api = createHttps(tls, handle);
  // The same for the node's own loopback.
  const inner = createHttps(tls, handle);
  const control = createHttp((request, response) => {
    const handled =
      request.url?.startsWith('/lab/') === true
        ? handleControl({ ...answering, ha }, request, response)
        : handleApi(answering, request, response, true);
    handled.catch(() => response.destroy());
  });
  const images = createHttp(mirror(image));
  const ssh = sshDoor(layout);
  for (const socket of [layout.control, layout.api]) rmSync(socket, { force: true });
  await listen(inner, layout.api);
  await chmod(layout.api, 0o600);
  await listen(ssh, { port: settings.sshPort, host: '127.0.0.1' });
  await listen(api, { port: settings.apiPort, host: '127.0.0.1' });
  await listen(images, { port: settings.mirrorPort, host: '127.0.0.1' });
  await listen(control, layout.control);
  await chmod(layout.control, 0o600);
  return {
    node,
    faults,
    close: async () => {
      await ha.stop();
      await sampler.stop();
      ssh.close();
      for (const server of [api, inner, control, images]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

async function main(): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  const options = JSON.parse(Buffer.concat(chunks).toString('utf8')) as DaemonOptions;
  await runDaemon(options);
  process.on('SIGTERM', () => process.exit(0));
  // The daemon goes on when the terminal is closed.
  process.on('SIGHUP', () => {});
}

if (process.argv[1] === import.meta.filename) await main();

/** For who starts it: the file to run. */
export const DAEMON_FILE = join(import.meta.dirname, 'daemon.js');
