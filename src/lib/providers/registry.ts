import type { Config as OclifConfig } from '@oclif/core';
import {
  ZebuError,
  type Io,
  type SecretSource,
  type SecretSourceContext,
  type SecretSourceDescriptor,
  type Transport,
  type TransportContext,
  type TransportDescriptor,
} from '@zebu/kit';
import { SECRETS_HOOK, TRANSPORT_HOOK, nearest } from '@zebu/kit/core';
import { blame, blamed } from './blamed.js';
import { contractProblem } from './contract.js';

type Descriptor = SecretSourceDescriptor | TransportDescriptor;

/** What is needed of oclif's Config. */
export type Hooks = Pick<OclifConfig, 'runHook'>;

interface Provider<D extends Descriptor> {
  readonly descriptor: D;
  /** Name of the plugin package it came from. */
  readonly plugin: string;
  /** It comes with zebu: its defects are zebu's. */
  readonly own: boolean;
}

export interface Found<D extends Descriptor> {
  readonly providers: readonly Provider<D>[];
  /** Plugins that answered with something unusable, and why. */
  readonly broken: readonly { readonly plugin: string; readonly reason: string; readonly id?: string }[];
}

function isDescriptor(value: unknown): value is Descriptor {
  const candidate = value as Partial<Descriptor> | null;
  return (
    typeof candidate === 'object' &&
    candidate !== null &&
    typeof candidate.id === 'string' &&
    typeof candidate.apiVersion === 'number' &&
    typeof candidate.load === 'function'
  );
}

/** Why what it declares cannot be used. What comes with zebu is held to it by a test. */
async function declared(
  descriptor: Descriptor,
  own: boolean,
  before: readonly Provider<Descriptor>[],
): Promise<string | undefined> {
  if (own || descriptor.kind !== 'transport') return undefined;
  const { declarationProblem } = await import('./declaration.js');
  const others = before.flatMap((other) =>
    other.own || other.descriptor.kind !== 'transport' ? [] : [other.descriptor],
  );
  return declarationProblem(descriptor, others);
}

/** Asks every installed plugin what it offers. Nothing is loaded beyond the plugins' small hook files. */
async function collect<D extends Descriptor>(config: Hooks, event: string, kind: D['kind']): Promise<Found<D>> {
  const { successes, failures } = await config.runHook(event, {});
  const broken: { plugin: string; reason: string; id?: string }[] = failures.map(({ plugin, error }) => ({
    plugin: plugin.name,
    reason: error.message.split('\n', 1)[0] ?? 'it cannot be loaded',
  }));
  const providers: Provider<D>[] = [];
  // Plugins are loaded side by side, and come in whichever order that ends.
  const inOrder = successes.toSorted(
    (a, b) =>
      Number(b.plugin.type === 'core') - Number(a.plugin.type === 'core') || (a.plugin.name < b.plugin.name ? -1 : 1),
  );
  for (const { plugin, result } of inOrder) {
    for (const descriptor of Array.isArray(result) ? (result as unknown[]) : [result]) {
      if (!isDescriptor(descriptor) || descriptor.kind !== kind) {
        broken.push({ plugin: plugin.name, reason: 'it does not describe a provider' });
        continue;
      }
      const own = plugin.type === 'core';
      const reason = contractProblem(descriptor.apiVersion) ?? (await declared(descriptor, own, providers));
      if (reason !== undefined) broken.push({ plugin: plugin.name, id: descriptor.id, reason });
      else providers.push({ descriptor: descriptor as D, plugin: plugin.name, own });
    }
  }
  // Plugins are loaded concurrently, and are registered in the order in which that ends.
  broken.sort((a, b) => (a.plugin < b.plugin ? -1 : 1));
  return { providers, broken };
}

function choose<D extends Descriptor>(found: Found<D>, id: string, key: string, io: Io): Provider<D> {
  const matching = found.providers.filter(({ descriptor }) => descriptor.id === id);
  const [first] = matching;
  const unusable = found.broken.find((plugin) => plugin.id === id);
  if (first === undefined && unusable !== undefined) {
    throw new ZebuError(
      'PROVIDER_BROKEN',
      `${key} \`${id}\` of ${unusable.plugin} cannot be used: ${unusable.reason}`,
      {
        hint: 'See what is installed, and from where: zebu providers',
      },
    );
  }
  for (const { plugin, reason } of found.broken) io.warn(`The plugin ${plugin} offers nothing: ${reason}`);
  if (matching.length > 1) {
    const plugins = matching.map(({ plugin }) => plugin).join(' and ');
    throw new ZebuError('PROVIDER_BROKEN', `${key} \`${id}\` is offered by ${plugins}`, {
      hint: 'Uninstall one of them: zebu plugins:uninstall',
    });
  }
  if (first !== undefined) return first;
  const ids = found.providers.map(({ descriptor }) => descriptor.id).toSorted();
  const meant = nearest(id, ids);
  throw new ZebuError(
    'PROVIDER_UNKNOWN',
    `${key} \`${id}\` is not offered by any plugin; there is ${ids.join(', ') || 'none'}`,
    {
      hint: meant === undefined ? 'Install the plugin that has it: zebu plugins:install' : `Did you mean \`${meant}\`?`,
    },
  );
}

/** Loads what a plugin offers, and makes of it what is used; from then on, errors of a plugin name it. */
async function use<Factory, Made extends object>(
  {
    descriptor,
    plugin,
    own,
  }: Omit<Provider<Descriptor>, 'descriptor'> & {
    readonly descriptor: { readonly load: () => Promise<Factory> };
  },
  make: (factory: Factory) => Promise<Made>,
  parts?: readonly string[],
): Promise<Made> {
  if (own) return make(await descriptor.load());
  try {
    return blamed(await make(await descriptor.load()), plugin, parts);
  } catch (error) {
    throw blame(error, plugin);
  }
}

/** @throws PROVIDER_UNKNOWN, PROVIDER_BROKEN, and what the transport throws */
export async function connectWith(config: Hooks, id: string, context: TransportContext): Promise<Transport> {
  const provider = await describedTransport(config, id, context.io);
  return use(provider, (factory) => factory.connect(context), ['hostShell']);
}

/** @throws PROVIDER_UNKNOWN, PROVIDER_BROKEN, and what the source throws */
export async function openWith(config: Hooks, id: string, context: SecretSourceContext): Promise<SecretSource> {
  const found = await collect<SecretSourceDescriptor>(config, SECRETS_HOOK, 'secrets');
  return use(choose(found, id, 'secret source', context.io), (factory) => factory.open(context));
}

/** The transports that are offered, those of zebu first, and the plugins that are broken. */
export const offeredTransports = (config: Hooks): Promise<Found<TransportDescriptor>> =>
  collect<TransportDescriptor>(config, TRANSPORT_HOOK, 'transport');

/** What is known of the transport with this id without loading it. @throws PROVIDER_UNKNOWN, PROVIDER_BROKEN */
export async function describedTransport(config: Hooks, id: string, io: Io): Promise<Provider<TransportDescriptor>> {
  return choose(await offeredTransports(config), id, 'proxmox.transport', io);
}

/**
 * Ids of the transports that have a shell on the host, or that have none, as the end of a sentence that says what to use instead.
 */
export async function transportsWithShell(config: Hooks, has: boolean): Promise<string> {
  const { providers } = await offeredTransports(config);
  const ids = providers.flatMap(({ descriptor: { id, capabilities } }) => {
    // As it comes: somebody else may have left it out.
    const { hostShell = false } = (capabilities as Partial<typeof capabilities> | undefined) ?? {};
    return hostShell === has ? [id] : [];
  });
  return ids.length === 0 ? `one ${has ? 'with' : 'without'} a shell on the host` : ids.join(' or ');
}

export interface ListedProvider {
  readonly kind: Descriptor['kind'];
  readonly id: string;
  readonly plugin: string;
  readonly summary: string;
}

/** All providers of both kinds, and the plugins that are broken. */
export async function listProviders(
  config: Hooks,
): Promise<{ providers: readonly ListedProvider[]; broken: Found<Descriptor>['broken'] }> {
  const [transports, sources] = await Promise.all([
    offeredTransports(config),
    collect<SecretSourceDescriptor>(config, SECRETS_HOOK, 'secrets'),
  ]);
  return {
    providers: [...transports.providers, ...sources.providers].map(({ descriptor, plugin }) => ({
      kind: descriptor.kind,
      id: descriptor.id,
      plugin,
      summary: descriptor.summary,
    })),
    broken: [...transports.broken, ...sources.broken],
  };
}
