import { randomUUID } from 'node:crypto';
import {
  hasPrivilege,
  isBuiltIn,
  permissionsOf,
  privilegesOf,
  requirePrivilege,
  ROOT_USER,
  rolesOf,
} from '../access.js';
import { badParameters, died } from '../fault.js';
import { bool, checkParams, str, type ParamSpec } from '../params.js';
import { route, type Call, type Route } from '../router.js';
import type { ApiTokenRecord, LabState } from '../state.js';

/** Users, tokens, roles and who may do what: enough to give a program rights of its own, as on a real node. */

const listOf = (text = ''): readonly string[] => text.split(/[,; ]+/).filter((part) => part !== '');

const userId: ParamSpec = {
  type: 'string',
  maxLength: 64,
  format: (text) =>
    /^[^\s:/@]+@[A-Za-z][\w.-]+$/.test(text)
      ? undefined
      : `invalid format - value '${text}' does not look like a valid user name\n`,
};
const privileges = (version: string): ParamSpec => ({
  type: 'string',
  format: (text) => {
    const unknown = listOf(text).find((name) => !privilegesOf(version).includes(name));
    return unknown === undefined ? undefined : `invalid format - invalid privilege '${unknown}'\n`;
  },
});

const userExists = (state: LabState, user: string): boolean => user === ROOT_USER || state.users.includes(user);

async function addUser({ node, caller, raw }: Call): Promise<unknown> {
  const params = checkParams(raw, { userid: { ...userId, required: true }, comment: str, enable: bool, email: str });
  requirePrivilege(caller, '/access', 'User.Modify');
  const { users } = node.file.state;
  const user = params['userid'] ?? '';
  if (userExists(node.file.state, user)) throw died(`create user failed: user '${user}' already exists`);
  users.push(user);
  node.file.save();
  return null;
}

async function removeUser({ node, caller, path }: Call): Promise<unknown> {
  requirePrivilege(caller, '/access', 'User.Modify');
  const { state } = node.file;
  const user = path['userid'] ?? '';
  if (!state.users.includes(user)) throw died(`no such user ('${user}')`);
  state.users = state.users.filter((each) => each !== user);
  state.tokens = state.tokens.filter(({ id }) => !id.startsWith(`${user}!`));
  state.acl = state.acl.filter(({ ugid }) => ugid !== user && !ugid.startsWith(`${user}!`));
  node.file.save();
  return null;
}

/** The user of the path; they may look after their own tokens. */
function owner({ node, caller, path }: Call): string {
  const user = path['userid'] ?? '';
  if (caller.id !== user) requirePrivilege(caller, '/access', 'User.Modify');
  if (!userExists(node.file.state, user)) throw died(`no such user ('${user}')`);
  return user;
}

const info = (token: ApiTokenRecord): Record<string, unknown> => ({
  privsep: token.privsep ? 1 : 0,
  expire: token.expire,
  ...(token.comment === undefined ? {} : { comment: token.comment }),
});

async function addToken(call: Call): Promise<unknown> {
  const { node, path, raw } = call;
  const params = checkParams(raw, { comment: str, expire: { type: 'integer', minimum: 0 }, privsep: bool });
  const name = path['tokenid'] ?? '';
  if (!/^[A-Za-z][A-Za-z0-9._-]+$/.test(name))
    throw badParameters({ tokenid: 'value does not match the regex pattern' });
  const id = `${owner(call)}!${name}`;
  const { tokens } = node.file.state;
  if (tokens.some((token) => token.id === id)) throw badParameters({ tokenid: 'Token already exists.' });
  const token: ApiTokenRecord = {
    id,
    secret: randomUUID(),
    privsep: params['privsep'] !== '0',
    expire: Number(params['expire'] ?? 0),
    ...(params['comment'] === undefined ? {} : { comment: params['comment'] }),
  };
  tokens.push(token);
  node.file.save();
  return { 'full-tokenid': id, value: token.secret, info: info(token) };
}

async function listTokens(call: Call): Promise<unknown> {
  const prefix = `${owner(call)}!`;
  return call.node.file.state.tokens
    .filter(({ id }) => id.startsWith(prefix))
    .map((token) => ({ tokenid: token.id.slice(prefix.length), ...info(token) }));
}

async function removeToken(call: Call): Promise<unknown> {
  const { state } = call.node.file;
  const id = `${owner(call)}!${call.path['tokenid'] ?? ''}`;
  const rest = state.tokens.filter((token) => token.id !== id);
  if (rest.length === state.tokens.length)
    throw died(`no such token '${call.path['tokenid'] ?? ''}' for user '${id.split('!')[0] ?? ''}'`);
  state.tokens = rest;
  state.acl = state.acl.filter(({ ugid }) => ugid !== id);
  call.node.file.save();
  return null;
}

async function addRole({ node, caller, raw }: Call): Promise<unknown> {
  const params = checkParams(raw, { roleid: { ...str, required: true }, privs: privileges(node.settings.version) });
  requirePrivilege(caller, '/access', 'Sys.Modify');
  const role = params['roleid'] ?? '';
  if (rolesOf(node.file.state)[role] !== undefined) throw died(`create role failed: role '${role}' already exists`);
  node.file.state.roles[role] = [...listOf(params['privs'])];
  node.file.save();
  return null;
}

async function changeRole({ node, caller, path, raw }: Call): Promise<unknown> {
  const params = checkParams(raw, { privs: privileges(node.settings.version), append: bool });
  requirePrivilege(caller, '/access', 'Sys.Modify');
  const role = path['roleid'] ?? '';
  const before = node.file.state.roles[role];
  if (isBuiltIn(role)) throw died(`auto-generated role '${role}' cannot be modified`);
  if (before === undefined) throw died(`modify role failed: role '${role}' does not exist`);
  const added = listOf(params['privs']);
  node.file.state.roles[role] = params['append'] === '1' ? [...new Set([...before, ...added])] : [...added];
  node.file.save();
  return null;
}

async function removeRole({ node, caller, path }: Call): Promise<unknown> {
  requirePrivilege(caller, '/access', 'Sys.Modify');
  const role = path['roleid'] ?? '';
  if (isBuiltIn(role)) throw died(`auto-generated role '${role}' cannot be deleted`);
  const { state } = node.file;
  if (state.roles[role] === undefined) throw died(`delete role failed: role '${role}' does not exist`);
  delete state.roles[role];
  state.acl = state.acl.filter(({ roleid }) => roleid !== role);
  node.file.save();
  return null;
}

async function listRoles({ node }: Call): Promise<unknown> {
  const known = privilegesOf(node.settings.version);
  return Object.entries(rolesOf(node.file.state)).map(([roleid, privs]) => ({
    roleid,
    privs: known.filter((name) => privs.includes(name)).join(','),
    special: isBuiltIn(roleid) ? 1 : 0,
  }));
}

async function changeAcl({ node, caller, raw }: Call): Promise<unknown> {
  const params = checkParams(raw, {
    path: {
      ...str,
      required: true,
      format: (text) => (text.startsWith('/') ? undefined : `invalid ACL path '${text}'\n`),
    },
    roles: { ...str, required: true },
    users: str,
    tokens: str,
    groups: str,
    propagate: bool,
    delete: bool,
  });
  const path = (params['path'] ?? '').replace(/(.)\/+$/, '$1');
  requirePrivilege(caller, path, 'Permissions.Modify');
  const { state } = node.file;
  const entries = [
    ...listOf(params['users']).map((ugid) => ({ type: 'user' as const, ugid })),
    ...listOf(params['tokens']).map((ugid) => ({ type: 'token' as const, ugid })),
  ];
  for (const { type, ugid } of entries) {
    const known = type === 'user' ? userExists(state, ugid) : state.tokens.some(({ id }) => id === ugid);
    if (!known) throw died(`${type} '${ugid}' does not exist`);
  }
  for (const roleid of listOf(params['roles'])) {
    if (rolesOf(state)[roleid] === undefined) throw died(`role '${roleid}' does not exist`);
    for (const { type, ugid } of entries) {
      state.acl = state.acl.filter((old) => old.path !== path || old.ugid !== ugid || old.roleid !== roleid);
      if (params['delete'] !== '1')
        state.acl.push({ path, type, ugid, roleid, propagate: params['propagate'] !== '0' });
    }
  }
  node.file.save();
  return null;
}

async function listAcl({ node, caller }: Call): Promise<unknown> {
  return node.file.state.acl
    .filter(({ path }) => hasPrivilege(caller, path, 'Permissions.Modify'))
    .map((entry) => ({ ...entry, propagate: entry.propagate ? 1 : 0 }));
}

const TOKENS = '/access/users/{userid}/token';

export const accessRoutes: readonly Route[] = [
  route('GET', '/access/permissions', async ({ caller, node }) =>
    permissionsOf(caller, node.file.state, node.settings.version),
  ),
  route('GET', '/access/users', async ({ node }) =>
    [ROOT_USER, ...node.file.state.users].map((userid) => ({ userid, enable: 1 })),
  ),
  route('POST', '/access/users', addUser),
  route('DELETE', '/access/users/{userid}', removeUser),
  route('GET', TOKENS, listTokens),
  route('POST', `${TOKENS}/{tokenid}`, addToken),
  route('DELETE', `${TOKENS}/{tokenid}`, removeToken),
  route('GET', '/access/roles', listRoles),
  route('POST', '/access/roles', addRole),
  route('PUT', '/access/roles/{roleid}', changeRole),
  route('DELETE', '/access/roles/{roleid}', removeRole),
  route('GET', '/access/acl', listAcl),
  route('PUT', '/access/acl', changeAcl),
];
