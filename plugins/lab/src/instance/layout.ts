import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ZebuError } from '@zebu/kit';

/** Where everything of one lab is. All paths absolute. */
export interface Layout {
  readonly name: string;
  readonly stateDir: string;
  /** Shared by all labs, kept by `lab:down`. */
  readonly cacheDir: string;
  readonly settings: string;
  /** The disk that labs with namespace guests offer. */
  readonly blankDisk: string;
  readonly state: string;
  readonly control: string;
  /** The API server, for the node's own loopback. */
  readonly api: string;
  readonly daemonLog: string;
  readonly daemonRef: string;
  readonly tlsKey: string;
  readonly tlsCert: string;
  /** What signs tickets, and what the tokens beside them. */
  readonly authKey: string;
  readonly authKeyPublic: string;
  readonly wwwKey: string;
  readonly token: string;
  readonly env: string;
  readonly ssh: string;
  readonly host: string;
  readonly net: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** @param stateDir overrides the default place; an empty one, as of an unset variable, does not */
export function layout(name: string, env: Env, stateDir?: string): Layout {
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) {
    throw new ZebuError('USAGE', `--name ${name}: lower-case letters, digits and hyphens, at most 31`);
  }
  const home = env['HOME'] ?? homedir();
  const state = resolve(stateDir || join(env['XDG_STATE_HOME'] || join(home, '.local/state'), 'zebu/lab', name));
  const cacheDir = join(env['XDG_CACHE_HOME'] || join(home, '.cache'), 'zebu/lab');
  const at = (file: string): string => join(state, file);
  return {
    name,
    stateDir: state,
    cacheDir,
    settings: at('lab.json'),
    blankDisk: at('blank.qcow2'),
    state: at('state.json'),
    control: at('control.sock'),
    api: at('api.sock'),
    daemonLog: at('daemon.log'),
    daemonRef: at('daemon.ref'),
    tlsKey: at('tls.key'),
    tlsCert: at('tls.crt'),
    authKey: at('authkey.key'),
    authKeyPublic: at('authkey.pub'),
    wwwKey: at('pve-www.key'),
    token: at('token'),
    env: at('zebu.lab.env'),
    ssh: at('ssh'),
    host: at('host'),
    net: at('net'),
  };
}
