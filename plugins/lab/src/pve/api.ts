import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { authenticate, hasPrivilege, LOCAL_ROOT, type Caller, type Credentials } from './access.js';
import { formParams, MalformedJson, readBody } from './body.js';
import { died, PveFault } from './fault.js';
import type { Faults } from './faults.js';
import type { Tickets } from './tickets.js';
import type { LabNode } from './node.js';
import { checkSchema } from './schema.js';
import { findRoute, type Call, type Route } from './router.js';
import { accessRoutes } from './routes/access.js';
import { agentRoutes } from './routes/agent.js';
import { clusterRoutes } from './routes/cluster.js';
import { firewallRoutes } from './routes/firewall.js';
import { haRoutes } from './routes/ha.js';
import { qemuRoutes } from './routes/qemu.js';
import { snapshotRoutes } from './routes/snapshot.js';
import { statisticsRoutes } from './routes/statistics.js';
import { statusRoutes } from './routes/status.js';
import { backupJobRoutes } from './routes/backup-jobs.js';
import { cloneRoutes } from './routes/clone.js';
import { templateRoutes } from './routes/template.js';
import { configRoutes } from './routes/config.js';
import { datacenterRoutes } from './routes/datacenter.js';
import { notificationRoutes } from './routes/notifications.js';
import { volumeRoutes } from './routes/volume.js';
import { vzdumpRoutes } from './routes/vzdump.js';
import { migrateRoutes } from './routes/migrate.js';
import { storageRoutes } from './routes/storage.js';
import { storageConfigRoutes } from './routes/storage-config.js';
import { taskRoutes, totalOf } from './routes/task.js';

export const ROUTES: readonly Route[] = [
  ...clusterRoutes,
  ...haRoutes,
  ...accessRoutes,
  ...taskRoutes,
  ...datacenterRoutes,
  ...backupJobRoutes,
  ...notificationRoutes,
  ...vzdumpRoutes,
  ...migrateRoutes,
  ...storageRoutes,
  ...volumeRoutes,
  ...storageConfigRoutes,
  ...qemuRoutes,
  ...configRoutes,
  ...cloneRoutes,
  ...templateRoutes,
  ...statusRoutes,
  ...statisticsRoutes,
  ...agentRoutes,
  ...snapshotRoutes,
  ...firewallRoutes,
];

const PREFIX = '/api2/json';

function answer(response: ServerResponse, status: number, reason: string, body: unknown): void {
  const date = new Date().toUTCString();
  response.writeHead(status, reason, {
    server: 'pve-api-daemon/3.0',
    'cache-control': 'max-age=0',
    pragma: 'no-cache',
    date,
    expires: date,
    ...(body === undefined ? {} : { 'content-type': 'application/json;charset=UTF-8' }),
    ...(status >= 400 ? { connection: 'close' } : {}),
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

/** What a method said beside its result, given to the host's own programs only. */
interface Said {
  readonly stdout: string[];
  readonly stderr: string[];
}

/** `{ stdout, stderr }` beside `data`, for the programs of the host; lines without their ends, nothing when nothing was said. */
function outputMembers({ stdout, stderr }: Said, local: boolean): Partial<Said> {
  if (!local) return {};
  return { ...(stdout.length > 0 && { stdout }), ...(stderr.length > 0 && { stderr }) };
}

/** A reason phrase is bytes: what is not in them kills the worker, and the proxy in front sees its connection break. */
const isWide = (text: string): boolean => /[^\0-\xff]/.test(text);

function refuse(response: ServerResponse, refused: PveFault, said: Said, local: boolean): void {
  const fault = !local && isWide(refused.message) ? new PveFault(596, 'Broken pipe') : refused;
  if (local && isWide(fault.message)) said.stderr.push(WIDE);
  // 401 and the 59x of the proxy have no body; the reason phrase says it all.
  if (fault.status === 401 || fault.status >= 590) answer(response, fault.status, fault.message, undefined);
  else {
    const newline = fault.status === 501 || fault.message.endsWith('\n') ? '' : '\n';
    const [reason = ''] = fault.message.split('\n', 1);
    answer(response, fault.status, isWide(reason) ? 'error' : reason, {
      message: `${fault.message}${newline}`,
      data: null,
      ...(fault.errors === undefined ? {} : { errors: fault.errors }),
      ...outputMembers(said, local),
    });
  }
}

function credentialsOf({ method = 'GET', headers }: IncomingMessage): Credentials {
  const { authorization, cookie } = headers;
  return { method, authorization, cookie, csrf: headers['csrfpreventiontoken']?.toString() };
}

/** What Perl prints before it dies of a message that is not in bytes. */
const WIDE = 'Wide character in die at /usr/share/perl5/PVE/RESTHandler.pm line 1131.';

/** What answers. */
export interface Api {
  readonly node: LabNode;
  readonly faults: Faults;
  readonly tickets: Tickets;
  /** Held back before each answer, from outside the host's own shell; milliseconds. */
  readonly answerMs: number;
}

/** Handles one request of the REST API. @param local from the host's own shell: root, without a token */
export async function handleApi(
  { node, faults, tickets, answerMs }: Api,
  request: IncomingMessage,
  response: ServerResponse,
  local: boolean,
): Promise<void> {
  const method = request.method ?? 'GET';
  const [rawPath = '', query = ''] = (request.url ?? '').split('?', 2);
  const said: Said = { stdout: [], stderr: [] };
  try {
    const caller: Caller = local ? LOCAL_ROOT : authenticate(credentialsOf(request), node.file.state, tickets);
    const body = await readBody(request);
    if (!rawPath.startsWith(`${PREFIX}/`)) throw new PveFault(501, `Method '${method} ${rawPath}' not implemented`);
    const path = rawPath.slice(PREFIX.length).split('/').map(decodeURIComponent).join('/');
    const fault = faults.take(method, path, local);
    if (fault?.kind === 'status') throw new PveFault(fault.status ?? 596, fault.reason ?? 'Connection timed out');
    const { handler, template, path: values, node: addressed } = findRoute(ROUTES, method, path, node);
    const call: Call = {
      node: addressed,
      caller,
      path: values,
      raw: { ...formParams(query), ...body.params },
      upload: body.upload,
      local,
      print: (line) => said.stdout.push(line),
      warn: (line) => said.stderr.push(line),
    };
    // Who may do everything sees what is wrong with a request first; for others it comes after their rights.
    if (hasPrivilege(caller, '/', 'Permissions.Modify'))
      checkSchema(node.settings.version, method, template, {
        ...call.raw,
        ...(body.upload && { filename: body.upload.filename }),
      });
    if (answerMs > 0 && !local) await setTimeout(answerMs);
    const data = await handler(call);
    if (fault?.kind === 'drop') request.socket.destroy();
    else if (fault?.kind === 'hang') return;
    else {
      const total = Array.isArray(data) ? totalOf(call, path) : undefined;
      const more = { ...(total === undefined ? {} : { total }), ...outputMembers(said, local) };
      answer(response, 200, 'OK', { data: data ?? null, ...more });
    }
  } catch (error) {
    if (error instanceof MalformedJson) answer(response, 500, error.message.trim(), error.message);
    else if (error instanceof PveFault) refuse(response, error, said, local);
    else refuse(response, died((error as Error).message.split('\n', 1)[0] ?? 'internal error'), said, local);
  }
}
