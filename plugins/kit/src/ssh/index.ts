export { openSsh, prepareSsh, type OpenOptions } from './connect.js';
export { fingerprint, hostKeyLookup, keysFor, keyType, type KnownKey } from './known-hosts.js';
export { opensshArgs, type OpensshTarget } from './openssh-args.js';
export { remoteLine, type RemoteCommand, type PseudoTerminal, type RemoteProcess, type SshSession } from './session.js';
export { expandHome, parseJump, type SshTarget } from './target.js';
