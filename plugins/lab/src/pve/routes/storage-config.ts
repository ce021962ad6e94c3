import { hasPrivilege, requirePrivilege } from '../access.js';
import { badParameters, died } from '../fault.js';
import { bool, checkParams, str, type Params, type ParamSpecs } from '../params.js';
import { route, type Call, type Route } from '../router.js';
import type { StorageRecord } from '../state.js';
import { REQUIRED_OPTIONS, STORAGE_KINDS } from '../storage-kinds.js';
import { digest } from './common.js';

/** `storage.cfg`: which storages there are, of which type and for what. Tests make with it what they need. */

const COMMON: ParamSpecs = {
  content: str,
  nodes: str,
  disable: bool,
  shared: bool,
  'prune-backups': str,
  path: str,
  pool: str,
  vgname: str,
  thinpool: str,
  server: str,
  export: str,
  sparse: bool,
};

const COMMON_OPTIONS = new Set(['content', 'nodes', 'disable', 'shared']);

function shown(record: StorageRecord): Record<string, unknown> {
  const { storage, type, content, shared, disable, nodes, options } = record;
  return {
    storage,
    type,
    content: content.join(','),
    ...options,
    ...(shared === undefined ? {} : { shared: shared ? 1 : 0 }),
    ...(disable === undefined ? {} : { disable: disable ? 1 : 0 }),
    ...(nodes === undefined ? {} : { nodes: nodes.join(',') }),
    digest: digest(record),
  };
}

function words(text: string): string[] {
  return text.split(/[,; ]+/).filter((word) => word !== '');
}

function checkContent(type: string, text: string): string[] {
  const wanted = words(text);
  const bad = wanted.find((word) => STORAGE_KINDS[type]?.content.includes(word) !== true);
  if (bad !== undefined)
    throw badParameters({ content: `invalid format - storage does not support content type '${bad}'\n` });
  return wanted;
}

function apply(record: StorageRecord, params: Params): void {
  if (params['content'] !== undefined) record.content = checkContent(record.type, params['content']);
  if (params['nodes'] !== undefined) record.nodes = words(params['nodes']);
  if (params['disable'] !== undefined) record.disable = params['disable'] === '1';
  if (params['shared'] !== undefined) record.shared = params['shared'] === '1';
  for (const [name, value] of Object.entries(params)) if (!COMMON_OPTIONS.has(name)) record.options[name] = value;
}

async function prepare(call: Call, storage: string): Promise<void> {
  for (const node of call.node.cluster.values())
    if (node.storage.all.some((each) => each.storage === storage)) await node.storage.makeFolders(storage);
}

async function create(call: Call): Promise<unknown> {
  const { node, caller, raw } = call;
  requirePrivilege(caller, '/storage', 'Datastore.Allocate');
  const {
    storage = '',
    type = '',
    ...rest
  } = checkParams(raw, {
    storage: {
      type: 'string',
      required: true,
      format: (text) =>
        /^[a-z][a-z0-9\-_.]*[a-z0-9]$/i.test(text)
          ? undefined
          : `invalid format - storage ID '${text}' contains illegal characters\n`,
    },
    type: { type: 'string', required: true, values: Object.keys(STORAGE_KINDS) },
    ...COMMON,
  });
  if (node.file.state.storages.some((each) => each.storage === storage))
    throw died(`create storage failed: storage ID '${storage}' already defined`);
  for (const name of REQUIRED_OPTIONS[type] ?? [])
    if (rest[name] === undefined) throw badParameters({ [name]: 'property is missing and it is not optional' });
  const record: StorageRecord = { storage, type, content: ['images'], options: {} };
  apply(record, rest);
  node.file.state.storages.push(record);
  node.file.save();
  await prepare(call, storage);
  return { storage, type };
}

async function change(call: Call): Promise<unknown> {
  requirePrivilege(call.caller, '/storage', 'Datastore.Allocate');
  const record = call.node.storage.check(call.path['storage'] ?? '');
  const { delete: removed = '', ...params } = checkParams(call.raw, { ...COMMON, digest: str, delete: str });
  apply(record, params);
  for (const name of words(removed)) {
    if (name === 'nodes') delete record.nodes;
    else if (name === 'disable') delete record.disable;
    else delete record.options[name];
  }
  call.node.file.save();
  await prepare(call, record.storage);
  return { storage: record.storage, type: record.type };
}

async function remove(call: Call): Promise<unknown> {
  requirePrivilege(call.caller, '/storage', 'Datastore.Allocate');
  const { state } = call.node.file;
  const { storage } = call.node.storage.check(call.path['storage'] ?? '');
  // As on a real node only the entry goes; what is on the storage stays.
  state.storages = state.storages.filter((each) => each.storage !== storage);
  call.node.file.save();
  return null;
}

export const storageConfigRoutes: readonly Route[] = [
  route('GET', '/storage', async ({ node, caller }) =>
    node.file.state.storages
      .filter(
        ({ storage }) =>
          hasPrivilege(caller, `/storage/${storage}`, 'Datastore.Audit') ||
          hasPrivilege(caller, `/storage/${storage}`, 'Datastore.AllocateSpace'),
      )
      .map(shown),
  ),
  route('GET', '/storage/{storage}', async (call) => {
    const storage = call.path['storage'] ?? '';
    requirePrivilege(call.caller, `/storage/${storage}`, 'Datastore.Allocate');
    return shown(call.node.storage.check(storage));
  }),
  route('POST', '/storage', create),
  route('PUT', '/storage/{storage}', change),
  route('DELETE', '/storage/{storage}', remove),
];
