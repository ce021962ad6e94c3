import { hasPrivilege, requirePrivilege } from '../access.js';
import { checkParams, str, type ParamSpecs } from '../params.js';
import { parseProperties } from '../property-string.js';
import { route, type Call, type Route } from '../router.js';
import { allowedTags, registeredTags } from '../tags.js';

/** `GET` and `PUT /cluster/options`: datacenter.cfg. Of it, the lab acts on what says who may use which tag. */

const listProblem = (text: string): string | undefined =>
  text.split(/[;, ]/).every((tag) => tag === '' || /^[A-Za-z0-9_][A-Za-z0-9_+.-]*$/.test(tag))
    ? undefined
    : 'invalid format - invalid characters in tag\n';

const ALLOW = ['free', 'existing', 'list', 'none'];

function accessProblem(text: string): string | undefined {
  for (const [name, value] of parseProperties(text, 'user-allow')) {
    if (name !== 'user-allow' && name !== 'user-allow-list')
      return `invalid format - format error\nuser-tag-access.${name}: property is not defined in schema and the schema does not allow additional properties\n`;
    if (name === 'user-allow' && !ALLOW.includes(value))
      return `invalid format - format error\nuser-tag-access.user-allow: value '${value}' does not have a value in the enumeration '${ALLOW.join(', ')}'\n`;
    if (name === 'user-allow-list') return listProblem(value);
  }
  return undefined;
}

const OPTIONS: ParamSpecs = {
  'user-tag-access': { type: 'string', format: accessProblem },
  'registered-tags': { type: 'string', format: listProblem },
  'tag-style': str,
  max_workers: str,
  bwlimit: str,
  console: str,
  crs: str,
  description: str,
  email_from: str,
  fencing: str,
  ha: str,
  http_proxy: str,
  keyboard: str,
  language: str,
  mac_prefix: str,
  migration: str,
  'next-id': str,
  notify: str,
};

/** Kept as text, answered as an object. */
const STRUCTURED = new Set(['bwlimit', 'crs', 'ha', 'migration', 'next-id', 'notify', 'tag-style']);

function shown(name: string, value: string): unknown {
  if (STRUCTURED.has(name)) return Object.fromEntries(parseProperties(value, 'type'));
  return name === 'max_workers' ? Number(value) : value;
}

async function get({ node, caller }: Call): Promise<unknown> {
  const { state } = node.file;
  const tags = { 'allowed-tags': [...allowedTags(state, caller)].toSorted() };
  const all = hasPrivilege(caller, '/', 'Sys.Audit');
  const { 'user-tag-access': access, 'registered-tags': registered, ...plain } = state.datacenter;
  const fields = Object.entries(plain)
    .filter(([name]) => all || name === 'console' || name === 'tag-style')
    .map(([name, value]) => [name, shown(name, value)] as const);
  if (!all) return { ...Object.fromEntries(fields), ...tags };
  const properties = parseProperties(access ?? '', 'user-allow');
  const list = properties.get('user-allow-list');
  return {
    keyboard: 'en-us',
    mac_prefix: 'BC:24:11',
    description: '',
    ...Object.fromEntries(fields),
    ...(access === undefined
      ? {}
      : {
          'user-tag-access': {
            'user-allow': properties.get('user-allow') ?? 'free',
            ...(list === undefined ? {} : { 'user-allow-list': list.split(/[;, ]/) }),
          },
        }),
    ...(registered === undefined ? {} : { 'registered-tags': registeredTags(state) }),
    ...tags,
  };
}

async function put({ node, caller, raw }: Call): Promise<unknown> {
  requirePrivilege(caller, '/', 'Sys.Modify');
  const { delete: removed = '', ...params } = checkParams(raw, { ...OPTIONS, delete: str });
  const { datacenter } = node.file.state;
  for (const [name, value] of Object.entries(params)) datacenter[name] = value;
  for (const name of removed.split(/[,; ]+/)) delete datacenter[name];
  node.file.save();
  return null;
}

export const datacenterRoutes: readonly Route[] = [
  route('GET', '/cluster/options', get),
  route('PUT', '/cluster/options', put),
];
