import type { Config as OclifConfig } from '@oclif/core';
import {
  SECRETS_HOOK,
  TRANSPORT_HOOK,
  ZebuError,
  type Io,
  type SecretSourceDescriptor,
  type TransportDescriptor,
  nearest,
} from '@zebu/kit';
import { contractProblem } from './contract.js';

type Descriptor = SecretSourceDescriptor | TransportDescriptor;

/** What is needed of oclif's Config. */
export type Hooks = Pick<OclifConfig, 'runHook'>;

export interface Provider<D extends Descriptor> {
  readonly descriptor: D;
  /** Name of the plugin package it came from. */
  readonly plugin: string;
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

/** Asks every installed plugin what it offers. Nothing is loaded beyond the plugins' small hook files. */
async function collect<D extends Descriptor>(config: Hooks, event: string, kind: D['kind']): Promise<Found<D>> {
  const { successes, failures } = await config.runHook(event, {});
  const broken: { plugin: string; reason: string; id?: string }[] = failures.map(({ plugin, error }) => ({
    plugin: plugin.name,
    reason: error.message.split('\n', 1)[0] ?? 'it cannot be loaded',
  }));
  const providers: Provider<D>[] = [];
  for (const { plugin, result } of successes) {
    for (const descriptor of Array.isArray(result) ? (result as unknown[]) : [result]) {
      if (!isDescriptor(descriptor) || descriptor.kind !== kind) {
        broken.push({ plugin: plugin.name, reason: 'it does not describe a provider' });
        continue;
      }
      const reason = contractProblem(descriptor.apiVersion);
      if (reason !== undefined) broken.push({ plugin: plugin.name, id: descriptor.id, reason });
      else providers.push({ descriptor: descriptor as D, plugin: plugin.name });
    }
  }
  // Plugins are loaded side by side, and come in whichever order that ends.
  broken.sort((a, b) => (a.plugin < b.plugin ? -1 : 1));
  return { providers, broken };
}

function choose<D extends Descriptor>(found: Found<D>, id: string, key: string, io: Io): D {
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
  if (first !== undefined) return first.descriptor;
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

/** @throws PROVIDER_UNKNOWN, PROVIDER_BROKEN */
export async function findTransport(config: Hooks, id: string, io: Io): Promise<TransportDescriptor> {
  const found = await collect<TransportDescriptor>(config, TRANSPORT_HOOK, 'transport');
  return choose(found, id, 'proxmox.transport', io);
}

/** @throws PROVIDER_UNKNOWN, PROVIDER_BROKEN */
export async function findSecretSource(config: Hooks, id: string, io: Io): Promise<SecretSourceDescriptor> {
  const found = await collect<SecretSourceDescriptor>(config, SECRETS_HOOK, 'secrets');
  return choose(found, id, 'secret source', io);
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
    collect<TransportDescriptor>(config, TRANSPORT_HOOK, 'transport'),
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
