import { localApi, Refused } from './local-api.js';
import { parseOptions, printRefusal, type ProgramIo } from './pvesh.js';

/** `pveum role add`, `user add`, `acl modify`, `user token add` and the like. @returns the exit status */
export async function pveum(socket: string, words: readonly string[], io: ProgramIo): Promise<number> {
  const { positional, params } = parseOptions(words);
  const [kind = '', second = '', third = '', fourth = '', fifth = ''] = positional;
  const commands: Readonly<Record<string, () => Promise<unknown>>> = {
    'role add': () => localApi(socket, 'POST', '/access/roles', [['roleid', third], ...params]),
    'role modify': () => localApi(socket, 'PUT', `/access/roles/${third}`, params),
    'role delete': () => localApi(socket, 'DELETE', `/access/roles/${third}`),
    'user add': () => localApi(socket, 'POST', '/access/users', [['userid', third], ...params]),
    'user delete': () => localApi(socket, 'DELETE', `/access/users/${third}`),
    'acl modify': () => localApi(socket, 'PUT', '/access/acl', [['path', third], ...params]),
    'user token': async () => {
      const path = `/access/users/${fourth}/token/${fifth}`;
      if (third === 'remove') return localApi(socket, 'DELETE', path);
      const made = (await localApi(socket, 'POST', path, params)) as { 'full-tokenid': string; value: string };
      io.out(`full-tokenid: ${made['full-tokenid']}\nvalue: ${made.value}\n`);
      return made;
    },
  };
  const command = `${kind} ${second}`;
  const run = Object.hasOwn(commands, command) ? commands[command] : undefined;
  if (run === undefined) {
    io.err(`ERROR: unknown command 'pveum ${command}'\nUSAGE: pveum <COMMAND> [ARGS] [OPTIONS]\n`);
    return 255;
  }
  try {
    await run();
    return 0;
  } catch (error) {
    if (error instanceof Refused) return printRefusal(io, error, `pveum ${command} [ARGS] [OPTIONS]`);
    throw error;
  }
}
