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

/** Arguments for `ssh` that trust exactly what zebu trusts: that file, strictly, and no other. */
export function opensshArgs(target: OpensshTarget): readonly string[] {
  return [
    '-o',
    `UserKnownHostsFile=${target.knownHostsFile}`,
    '-o',
    'GlobalKnownHostsFile=/dev/null',
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
