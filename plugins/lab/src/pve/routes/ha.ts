import { requirePrivilege } from '../access.js';
import { badParameters, died } from '../fault.js';
import { errorStateOf, removeResource, sidOf } from '../ha.js';
import type { LabNode } from '../node.js';
import { checkParams, str, type Params, type ParamSpecs } from '../params.js';
import { route, type Call, type Route } from '../router.js';
import type { HaResource } from '../state.js';
import { digest } from './common.js';

const TYPES = ['ct', 'vm'];
const COUNT = { type: 'integer', minimum: 0 } as const;
const OPTIONS: ParamSpecs = {
  state: { type: 'string', values: ['started', 'stopped', 'enabled', 'disabled', 'ignored'] },
  group: str,
  max_restart: COUNT,
  max_relocate: COUNT,
  comment: { type: 'string', maxLength: 4096 },
};

/** `vm:100` of `vm:100` or `100`. @throws as PVE does for what is neither */
function parseSid(node: LabNode, text: string): string {
  if (!/^([a-z]+:\S+|\d+)$/.test(text)) throw badParameters({ sid: 'value does not look like a valid ha resource id' });
  if (!/^\d+$/.test(text)) return text;
  if (node.file.state.vms[text] === undefined)
    throw died(`unable to detect SID from VMID - VM/CT ${text} does not exist`);
  return sidOf(Number(text));
}

/** The digest is that of the whole file. */
function shown(node: LabNode, sid: string): Record<string, unknown> {
  const { resources } = node.file.state.ha;
  const resource = resources[sid];
  if (resource === undefined) throw died(`no such resource '${sid}'`);
  return { sid, type: sid.split(':')[0], ...resource, digest: digest(resources) };
}

async function list({ node, caller, raw }: Call): Promise<unknown> {
  requirePrivilege(caller, '/', 'Sys.Audit');
  const { type } = checkParams(raw, { type: { type: 'string', values: TYPES } });
  const sids = Object.keys(node.file.state.ha.resources);
  return sids.map((sid) => shown(node, sid)).filter((row) => type === undefined || row['type'] === type);
}

async function read({ node, caller, path, raw }: Call): Promise<unknown> {
  requirePrivilege(caller, '/', 'Sys.Audit');
  checkParams(raw, {});
  return shown(node, parseSid(node, path['sid'] ?? ''));
}

function optionsOf(node: LabNode, params: Params): HaResource {
  const { state, group, comment, max_restart, max_relocate } = params;
  if (group !== undefined && Number(node.settings.version.split('.')[0]) >= 9)
    throw died("invalid parameter 'group': ha groups have been migrated to rules");
  return {
    ...(state === undefined ? {} : { state }),
    ...(group === undefined ? {} : { group }),
    ...(comment === undefined ? {} : { comment }),
    ...(max_restart === undefined ? {} : { max_restart: Number(max_restart) }),
    ...(max_relocate === undefined ? {} : { max_relocate: Number(max_relocate) }),
  };
}

async function create({ node, caller, raw }: Call): Promise<unknown> {
  requirePrivilege(caller, '/', 'Sys.Console');
  const params = checkParams(raw, {
    sid: { ...str, required: true },
    type: { type: 'string', values: TYPES },
    ...OPTIONS,
  });
  const sid = parseSid(node, params['sid'] ?? '');
  const [type, name = ''] = sid.split(':');
  if (params['type'] !== undefined && params['type'] !== type) throw died('types does not match');
  // The lab has no containers.
  if (type !== 'vm' || node.file.state.vms[name] === undefined)
    throw died(`resource '${sid}' does not exist in cluster`);
  const { resources } = node.file.state.ha;
  const options = optionsOf(node, params);
  if (resources[sid] !== undefined) throw died(`create resource failed: resource ID '${sid}' already defined`);
  resources[sid] = options;
  node.file.save();
  return null;
}

async function update({ node, caller, path, raw }: Call): Promise<unknown> {
  requirePrivilege(caller, '/', 'Sys.Console');
  const params = checkParams(raw, { ...OPTIONS, delete: str, digest: str });
  const sid = parseSid(node, path['sid'] ?? '');
  const { resources } = node.file.state.ha;
  const options = optionsOf(node, params);
  if (options.group !== undefined) throw died(`HA group '${options.group}' does not exist`);
  const refused = errorStateOf(node, sid, options.state);
  if (refused !== undefined) throw died(refused);
  const failed = 'update resources config failed: ';
  if (params['digest'] !== undefined && params['digest'] !== digest(resources))
    throw died(`${failed}detected modified configuration - file changed by other user? Try again.`);
  const resource = resources[sid];
  if (resource === undefined) throw died(`${failed}no such resource '${sid}'`);
  Object.assign(resource, options);
  for (const name of (params['delete'] ?? '').split(/[,; ]+/).filter((each) => each !== '')) {
    if (OPTIONS[name] === undefined) throw died(`${failed}no such option '${name}'`);
    delete resource[name as keyof HaResource];
  }
  node.file.save();
  return null;
}

async function remove({ node, caller, path, raw }: Call): Promise<unknown> {
  requirePrivilege(caller, '/', 'Sys.Console');
  checkParams(raw, {});
  const sid = parseSid(node, path['sid'] ?? '');
  if (node.file.state.ha.resources[sid] === undefined) throw died(`cannot delete service '${sid}', not HA managed!`);
  removeResource(node, sid);
  return null;
}

export const haRoutes: readonly Route[] = [
  route('GET', '/cluster/ha/resources', list),
  route('POST', '/cluster/ha/resources', create),
  route('GET', '/cluster/ha/resources/{sid}', read),
  route('PUT', '/cluster/ha/resources/{sid}', update),
  route('DELETE', '/cluster/ha/resources/{sid}', remove),
];
