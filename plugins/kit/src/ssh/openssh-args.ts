import { devNull } from 'node:os';

/** A host for the `ssh` program itself, with its trust in a file. */
export interface OpensshTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly identityFile?: string | undefined;
  readonly knownHostsFile: string;
  /** `user@host:port` of a jump host. */
  readonly proxyJump?: string | undefined;
}

/** A path as one word of an option's value: several are separated by blanks, and a user's name may have one. */
function quotedPath(path: string): string {
  return `"${process.platform === 'win32' ? path.replaceAll('\\', '/') : path}"`;
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
    ...(target.proxyJump === undefined ? [] : ['-J', target.proxyJump]),
    '-p',
    String(target.port),
    '-l',
    target.user,
    '--',
    target.host,
  ];
}
