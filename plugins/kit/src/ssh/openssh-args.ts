import { devNull } from 'node:os';
import { commandLine, sh } from '../quote.js';
import type { JumpHost } from '../transport.js';

/** A host for the `ssh` program itself, with its trust in a file. */
export interface OpensshTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly identityFile?: string | undefined;
  readonly knownHostsFile: string;
  /** Over which it is reached. */
  readonly jump?: JumpHost | undefined;
}

/** A path as one word of an option's value: several are separated by blanks, and a user's name may have one. */
function quotedPath(path: string): string {
  return `"${process.platform === 'win32' ? path.replaceAll('\\', '/') : path}"`;
}

/**
 * The way through a jump host with the login and the trust that are configured for it; of an option `-J` the ssh that jumps gets
 * neither. In it `%` stands for something, but for where it leads.
 */
function jumpCommand({ host, port, user, identityFile, knownHosts, proxyJump }: JumpHost): string {
  const login = [
    'ssh',
    ...['-o', `UserKnownHostsFile=${knownHosts.map(quotedPath).join(' ')}`, '-o', `GlobalKnownHostsFile=${devNull}`],
    ...['-o', 'StrictHostKeyChecking=yes', '-o', 'PasswordAuthentication=no'],
    ...(identityFile === undefined ? [] : ['-i', identityFile, '-o', 'IdentitiesOnly=yes']),
    ...(proxyJump === undefined ? [] : ['-J', proxyJump]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
  ];
  return `${commandLine(login).replaceAll('%', '%%')} -W '[%h]:%p' ${sh`-- ${host}`.replaceAll('%', '%%')}`;
}

/** Arguments for `ssh` that trust exactly what zebu trusts: that file, strictly, and no other. */
export function opensshArgs(target: OpensshTarget): readonly string[] {
  return [
    '-o',
    `UserKnownHostsFile=${quotedPath(target.knownHostsFile)}`,
    '-o',
    `GlobalKnownHostsFile=${devNull}`,
    '-o',
    'StrictHostKeyChecking=yes',
    '-o',
    'PasswordAuthentication=no',
    ...(target.identityFile === undefined ? [] : ['-i', target.identityFile, '-o', 'IdentitiesOnly=yes']),
    ...(target.jump === undefined ? [] : ['-o', `ProxyCommand=${jumpCommand(target.jump)}`]),
    '-p',
    String(target.port),
    '-l',
    target.user,
    '--',
    target.host,
  ];
}
