import { expand } from '../config/expand.js';
import type { Context } from '../context/context.js';
import type { GuestAddress } from './address.js';

/** What the configuration says of the login. */
export function ownLogin({ config: { vm }, root }: Context): Pick<GuestAddress, 'identityFile' | 'port' | 'user'> {
  return {
    port: vm.ssh_port,
    user: vm.user,
    identityFile: vm.identity_file === undefined ? undefined : expand(vm.identity_file, root),
  };
}
