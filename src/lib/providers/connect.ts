import type { Transport } from '@zebu/kit';
import { describeOrigin } from '../config/layers.js';
import type { Context } from '../context.js';
import { findTransport } from './registry.js';

/** The transport that `proxmox.transport` names, connected. */
export async function connectTransport(context: Context): Promise<Transport> {
  const { config, loaded, io, signal, env } = context;
  const descriptor = await findTransport(context.oclif, config.proxmox.transport, io);
  const factory = await descriptor.load();
  return factory.connect({
    io,
    signal,
    settings: config.proxmox,
    env,
    origin: (key) => describeOrigin(loaded.origin(`proxmox.${key}`)),
  });
}
