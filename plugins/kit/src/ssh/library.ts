/** The SSH library, in one module, which the build puts into one file: of its hundred files each costs a look at the disk. */
import ssh2 from 'ssh2';

export { NodeSSH } from 'node-ssh';

export const { parseKey } = ssh2.utils;
