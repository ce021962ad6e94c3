import type { Io, TransportDescriptor } from '@zebu/kit';
import { builtTransports } from '../config/built-transports.js';
import { describedTransport, offeredTransports, type Hooks } from '../providers/registry.js';

type Env = (name: string) => string | undefined;

/** How Proxmox will be reached, and what may be chosen instead. */
export interface ChosenTransport {
  readonly chosen: Pick<TransportDescriptor, 'host' | 'id' | 'init'>;
  /** Told to who begins with the default. */
  readonly others: readonly Pick<TransportDescriptor, 'id' | 'init'>[];
  /** Hosts that it knows. */
  readonly hosts: readonly string[];
  /** The environment holds what it logs in with. */
  readonly hasLogin: boolean;
}

const hasLogin = ({ init }: TransportDescriptor, env: Env): boolean => {
  const variables = init?.variables ?? [];
  return variables.length > 0 && variables.every((name) => env(name) !== undefined);
};

/** To begin with; who is not offered a host types it. */
async function hostsOf({ id, init }: TransportDescriptor, env: Env, io: Io): Promise<readonly string[]> {
  try {
    return (await init?.hosts?.(env)) ?? [];
  } catch (error) {
    io.debug(() => `the transport ${id} knows no hosts: ${(error as Error).message}`);
    return [];
  }
}

/**
 * The transport that is named, else one that the environment has the login for, else the default.
 * @throws PROVIDER_UNKNOWN, PROVIDER_BROKEN
 */
export async function chooseTransport(
  oclif: Hooks,
  { named, env, io }: { readonly named: string | undefined; readonly env: Env; readonly io: Io },
): Promise<ChosenTransport> {
  const { providers } = await offeredTransports(oclif);
  const standard = builtTransports[0]?.id ?? '';
  const offered = providers.map(({ descriptor }) => descriptor);
  const id = named ?? offered.find((each) => hasLogin(each, env))?.id ?? standard;
  const { descriptor } = await describedTransport(oclif, id, io);
  return {
    chosen: descriptor,
    others: id === standard ? offered.filter((each) => each.id !== id) : [],
    hosts: await hostsOf(descriptor, env, io),
    hasLogin: offered.some((each) => hasLogin(each, env)),
  };
}
