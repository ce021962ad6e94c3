import { hasPrivilege, requirePrivilege } from '../access.js';
import { bool, checkParams, int, str, type Params, type ParamSpecs } from '../params.js';
import { route, type Call, type Route } from '../router.js';
import type { TaskRecord } from '../state.js';

function facts(task: TaskRecord, node: string): Record<string, unknown> {
  return {
    upid: task.upid,
    node,
    pid: task.pid,
    pstart: task.pstart,
    starttime: task.starttime,
    type: task.type,
    id: task.id,
    user: task.user,
    ...(task.tokenid === undefined ? {} : { tokenid: task.tokenid }),
  };
}

/** Own tasks are always visible; others' with Sys.Audit. */
function mayRead({ node, caller }: Call, task: TaskRecord): boolean {
  const [user] = caller.id.split('!');
  return user === task.user || hasPrivilege(caller, `/nodes/${node.name}`, 'Sys.Audit');
}

function find(call: Call): TaskRecord {
  const task = call.node.tasks.find(call.path['upid'] ?? '');
  if (!mayRead(call, task)) requirePrivilege(call.caller, `/nodes/${call.node.name}`, 'Sys.Audit');
  return task;
}

const LIST: ParamSpecs = {
  limit: int,
  start: int,
  vmid: int,
  typefilter: str,
  source: { type: 'string', values: ['archive', 'active', 'all'] },
  errors: bool,
  since: int,
  until: int,
  userfilter: str,
  statusfilter: str,
};

async function list(call: Call): Promise<unknown> {
  const { node, raw } = call;
  const params = checkParams(raw, LIST);
  const start = Number(params['start'] ?? 0);
  return matching(call, params)
    .slice(start, start + Number(params['limit'] ?? 50))
    .map((task) => ({
      ...facts(task, node.name),
      ...(task.endtime === undefined ? {} : { endtime: task.endtime, status: task.exitstatus }),
    }));
}

function matching(call: Call, params: Params): readonly TaskRecord[] {
  const { node } = call;
  return node.tasks.all
    .filter((task) => mayRead(call, task))
    .filter((task) => params['vmid'] === undefined || task.id === params['vmid'])
    .filter((task) => params['typefilter'] === undefined || task.type === params['typefilter'])
    .filter((task) => params['since'] === undefined || task.starttime >= Number(params['since']))
    .filter(
      (task) =>
        (params['source'] ?? 'archive') === 'all' || node.tasks.isRunning(task) === (params['source'] === 'active'),
    );
}

async function status(call: Call): Promise<unknown> {
  const task = find(call);
  const running = call.node.tasks.isRunning(task);
  return {
    ...facts(task, call.node.name),
    status: running ? 'running' : 'stopped',
    ...(running ? {} : { exitstatus: task.exitstatus }),
  };
}

/** Nobody looks whether there is such a task: a file is opened. */
const NO_LOG = 'unable to open file - No such file or directory';

function linesOf({ node, caller, path }: Call): readonly string[] {
  const upid = path['upid'] ?? '';
  if (node.tasks.isKnown(upid)) return node.tasks.find(upid).log;
  if (upid.split(':')[7] !== caller.id) requirePrivilege(caller, `/nodes/${node.name}`, 'Sys.Audit');
  return [NO_LOG];
}

async function log(call: Call): Promise<unknown> {
  const all = linesOf(call);
  if (call.node.tasks.isKnown(call.path['upid'] ?? '')) find(call);
  const params = checkParams(call.raw, { start: int, limit: int, download: bool });
  const start = Number(params['start'] ?? 0);
  const limit = Number(params['limit'] ?? 50);
  const lines = all.slice(start, limit === 0 ? undefined : start + limit);
  return lines.map((t, index) => ({ n: start + index + 1, t }));
}

/** Lists that are handed out in parts carry how many there are in all beside `data`. */
export function totalOf(call: Call, path: string): number | undefined {
  if (path.endsWith('/log')) return linesOf(call).length;
  return path.endsWith('/tasks') ? matching(call, checkParams(call.raw, LIST)).length : undefined;
}

async function stop(call: Call): Promise<unknown> {
  call.node.tasks.stop(find(call).upid);
  return null;
}

export const taskRoutes: readonly Route[] = [
  route('GET', '/nodes/{node}/tasks', list),
  route('GET', '/nodes/{node}/tasks/{upid}/status', status),
  route('GET', '/nodes/{node}/tasks/{upid}/log', log),
  route('DELETE', '/nodes/{node}/tasks/{upid}', stop),
];
