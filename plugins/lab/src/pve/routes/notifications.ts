import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { hasPrivilege, requirePrivilege, type Caller } from '../access.js';
import { died, PveFault } from '../fault.js';
import { bool, checkParams, int, listParam, str, type ParamSpecs } from '../params.js';
import { route, type Call, type Route } from '../router.js';
import type { NotificationEntry } from '../state.js';

/** Endpoints, targets and matchers: kept and told of. Of a target that is tested only a webhook is really sent to. */

const PATH = '/mapping/notifications';
const NAME = {
  ...str,
  required: true,
  format: (text: string) =>
    /^[A-Za-z0-9][\w-]+$/.test(text) ? undefined : `invalid format - invalid configuration ID '${text}'\n`,
};
const COMMON: ParamSpecs = { comment: str, disable: bool };

const ENDPOINTS: Readonly<Record<string, ParamSpecs>> = {
  gotify: { server: { ...str, required: true }, token: { ...str, required: true } },
  sendmail: { mailto: { type: 'list' }, 'mailto-user': { type: 'list' }, 'from-address': str, author: str },
  smtp: {
    server: { ...str, required: true },
    port: int,
    mode: { type: 'string', values: ['insecure', 'starttls', 'tls'] },
    username: str,
    password: str,
    mailto: { type: 'list' },
    'mailto-user': { type: 'list' },
    'from-address': { ...str, required: true },
    author: str,
  },
  webhook: {
    method: { type: 'string', required: true, values: ['post', 'put', 'get'] },
    url: { ...str, required: true },
    body: str,
    header: { type: 'list' },
    secret: { type: 'list' },
  },
};

const MATCHER: ParamSpecs = {
  target: { type: 'list' },
  'match-severity': { type: 'list' },
  'match-field': { type: 'list' },
  'match-calendar': { type: 'list' },
  mode: { type: 'string', values: ['all', 'any'] },
  'invert-match': bool,
};

/** Never answered. */
const SECRET = new Set(['password', 'secret', 'token']);
const NUMBERS = new Set(['disable', 'invert-match', 'port']);

/** One of several rights; the refusal names none. */
function requireOne(caller: Caller, ...privileges: readonly string[]): void {
  if (!privileges.some((privilege) => hasPrivilege(caller, PATH, privilege)))
    throw new PveFault(403, 'Permission check failed');
}

/** Who makes or changes an endpoint makes the node speak to it. */
function requireMaking({ caller }: Call): void {
  requirePrivilege(caller, PATH, 'Mapping.Modify');
  const may = ['Sys.Audit', 'Sys.Modify'].every((privilege) => hasPrivilege(caller, '/', privilege));
  if (!may) requirePrivilege(caller, '/', 'Sys.AccessNetwork');
}

/** What every node comes with. */
const BUILT_IN: readonly NotificationEntry[] = [
  {
    type: 'sendmail',
    name: 'mail-to-root',
    options: { comment: "Send mails to root@pam's email address", 'mailto-user': ['root@pam'] },
  },
  {
    type: 'matcher',
    name: 'default-matcher',
    options: { comment: 'Route all notifications to mail-to-root', target: ['mail-to-root'] },
  },
];

function entries({ node }: Call): readonly (NotificationEntry & { readonly origin: string })[] {
  const { notifications } = node.file.state;
  const own = notifications.map((entry) => ({
    ...entry,
    origin: BUILT_IN.some(({ name }) => name === entry.name) ? 'modified-builtin' : 'user-created',
  }));
  const rest = BUILT_IN.filter(({ name }) => !notifications.some((entry) => entry.name === name));
  return [...rest.map((entry) => ({ ...entry, origin: 'builtin' })), ...own];
}

function shown({ name, options, origin }: NotificationEntry & { readonly origin: string }): Record<string, unknown> {
  const told = Object.entries(options).filter(([key]) => !SECRET.has(key));
  return {
    name,
    origin,
    ...Object.fromEntries(told.map(([key, value]) => [key, NUMBERS.has(key) ? Number(value) : value])),
  };
}

function one(call: Call, type: string): Record<string, unknown> {
  const found = entries(call).find((entry) => entry.type === type && entry.name === call.path['name']);
  if (found === undefined)
    throw new PveFault(404, `${type === 'matcher' ? 'matcher' : 'endpoint'} '${call.path['name'] ?? ''}' not found`);
  return shown(found);
}

function optionsOf(call: Call, specs: ParamSpecs): NotificationEntry['options'] {
  const params = checkParams(call.raw, { ...specs, name: str, delete: { type: 'list' }, digest: str });
  const given = Object.keys(params).filter((name) => !['delete', 'digest', 'name'].includes(name));
  return Object.fromEntries(
    given.map((name) => [name, specs[name]?.type === 'list' ? listParam(call.raw, name) : (params[name] ?? '')]),
  );
}

function checkTargets(call: Call, options: NotificationEntry['options']): void {
  const targets = options['target'] ?? [];
  for (const target of typeof targets === 'string' ? [targets] : targets)
    if (!entries(call).some(({ type, name }) => type !== 'matcher' && name === target))
      throw new PveFault(404, `not found: endpoint '${target}' does not exist`);
}

function crud(base: string, type: string, specs: ParamSpecs, making: (call: Call) => void): readonly Route[] {
  const reading = (call: Call): void =>
    requireOne(call.caller, 'Mapping.Modify', 'Mapping.Audit', ...(type === 'matcher' ? ['Mapping.Use'] : []));
  const loose: ParamSpecs = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, { ...spec, required: false }]),
  );
  return [
    route('GET', base, async (call) => {
      reading(call);
      return entries(call)
        .filter((entry) => entry.type === type)
        .map(shown);
    }),
    route('GET', `${base}/{name}`, async (call) => {
      reading(call);
      return one(call, type);
    }),
    route('POST', base, async (call) => {
      making(call);
      const { name = '' } = checkParams(call.raw, { ...COMMON, ...specs, name: NAME });
      const options = optionsOf(call, { ...COMMON, ...specs });
      if (entries(call).some((entry) => entry.name === name))
        throw died(`could not create ${type}: name '${name}' already exists`);
      if (type === 'matcher') checkTargets(call, options);
      call.node.file.state.notifications.push({ type, name, options });
      call.node.file.save();
      return null;
    }),
    route('PUT', `${base}/{name}`, async (call) => {
      making(call);
      const options = optionsOf(call, { ...COMMON, ...loose });
      one(call, type);
      if (type === 'matcher') checkTargets(call, options);
      const name = call.path['name'] ?? '';
      const { notifications } = call.node.file.state;
      const before = entries(call).find((entry) => entry.type === type && entry.name === name)?.options ?? {};
      const kept = Object.entries({ ...before, ...options }).filter(
        ([key]) => !listParam(call.raw, 'delete').includes(key),
      );
      const at = notifications.findIndex((entry) => entry.name === name);
      const entry = { type, name, options: Object.fromEntries(kept) };
      if (at < 0) notifications.push(entry);
      else notifications[at] = entry;
      call.node.file.save();
      return null;
    }),
    route('DELETE', `${base}/{name}`, async (call) => {
      requirePrivilege(call.caller, PATH, 'Mapping.Modify');
      one(call, type);
      const { state } = call.node.file;
      const user = state.notifications.find(
        ({ name, options }) =>
          (options['target'] ?? []).includes(call.path['name'] ?? '') && name !== call.path['name'],
      );
      if (user !== undefined && type !== 'matcher')
        throw died(`cannot delete '${call.path['name'] ?? ''}', referenced by: ${user.name}`);
      state.notifications = state.notifications.filter(({ name }) => name !== call.path['name']);
      call.node.file.save();
      return null;
    }),
  ];
}

function send({ options }: NotificationEntry): Promise<void> {
  const url = new URL(String(options['url']));
  const body = Buffer.from(String(options['body'] ?? ''), 'base64');
  return new Promise((resolve, reject) => {
    const failed = (reason: string): void => reject(died(`could not notify via endpoint(s): ${reason}`));
    const call = (url.protocol === 'https:' ? requestHttps : requestHttp)(
      url,
      { method: String(options['method']).toUpperCase(), timeout: 10_000 },
      (answer) => {
        answer.resume();
        if ((answer.statusCode ?? 500) < 400) resolve();
        else failed(`request failed with status ${answer.statusCode ?? 0}`);
      },
    );
    call.on('timeout', () => call.destroy(new Error('timed out')));
    call.on('error', (error) => failed(error.message));
    call.end(body);
  });
}

async function test(call: Call): Promise<unknown> {
  requireOne(call.caller, 'Mapping.Modify', 'Mapping.Audit', 'Mapping.Use');
  const target = entries(call).find(({ type, name }) => type !== 'matcher' && name === call.path['name']);
  if (target === undefined) throw new PveFault(404, `endpoint '${call.path['name'] ?? ''}' does not exist`);
  if (target.type !== 'webhook') throw new PveFault(501, `the lab sends nothing through ${target.type}`);
  await send(target);
  return null;
}

const names = (list: readonly string[]): readonly { readonly name: string }[] => list.map((name) => ({ name }));
const BASE = '/cluster/notifications';

export const notificationRoutes: readonly Route[] = [
  route('GET', BASE, async () => names(['endpoints', 'matchers', 'targets', 'matcher-fields', 'matcher-field-values'])),
  route('GET', `${BASE}/endpoints`, async () => names(Object.keys(ENDPOINTS))),
  route('GET', `${BASE}/targets`, async (call) => {
    requireOne(call.caller, 'Mapping.Modify', 'Mapping.Audit', 'Mapping.Use');
    return entries(call)
      .filter(({ type }) => type !== 'matcher')
      .map(({ name, type, options, origin }) => ({
        name,
        type,
        origin,
        ...(options['comment'] === undefined ? {} : { comment: options['comment'] }),
        ...(options['disable'] === undefined ? {} : { disable: Number(options['disable']) }),
      }));
  }),
  route('POST', `${BASE}/targets/{name}/test`, test),
  ...Object.entries(ENDPOINTS).flatMap(([type, specs]) =>
    crud(`${BASE}/endpoints/${type}`, type, specs, requireMaking),
  ),
  ...crud(`${BASE}/matchers`, 'matcher', MATCHER, ({ caller }) => requirePrivilege(caller, PATH, 'Mapping.Modify')),
];
