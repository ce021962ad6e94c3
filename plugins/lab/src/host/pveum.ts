import { runCommand, type ApiCommand, type Commands } from './commands.js';
import type { Host } from './program.js';

const command = (method: string, path: string, args: readonly string[] = [], prints = false): ApiCommand => ({
  method,
  path,
  args,
  prints,
});
const list = (path: string, args: readonly string[] = []): ApiCommand => command('GET', path, args, true);

const TOKEN = '/access/users/{userid}/token/{tokenid}';

const COMMANDS: Commands = {
  acl: { list: list('/access/acl'), modify: command('PUT', '/access/acl', ['path']) },
  role: {
    add: command('POST', '/access/roles', ['roleid']),
    delete: command('DELETE', '/access/roles/{roleid}', ['roleid']),
    list: list('/access/roles'),
    modify: command('PUT', '/access/roles/{roleid}', ['roleid']),
  },
  user: {
    add: command('POST', '/access/users', ['userid']),
    delete: command('DELETE', '/access/users/{userid}', ['userid']),
    list: list('/access/users'),
    token: {
      add: command('POST', TOKEN, ['userid', 'tokenid'], true),
      delete: command('DELETE', TOKEN, ['userid', 'tokenid'], true),
      list: list('/access/users/{userid}/token', ['userid']),
      remove: { alias: 'user token delete' },
    },
  },
  aclmod: { alias: 'acl modify' },
  roleadd: { alias: 'role add' },
  roledel: { alias: 'role delete' },
  rolemod: { alias: 'role modify' },
  useradd: { alias: 'user add' },
  userdel: { alias: 'user delete' },
};

/** @returns the exit status */
export const pveum = (host: Host, words: readonly string[]): Promise<number> =>
  runCommand(host, 'pveum', COMMANDS, words);
