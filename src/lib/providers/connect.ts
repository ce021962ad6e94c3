import type { Transport } from '@zebu/kit';
import { describeOrigin } from '../config/layers.js';
import type { Context } from '../context.js';
import { connectWith } from './registry.js';

/** The transport that `proxmox.transport` names, connected. */
export async function connectTransport(context: Context): Promise<Transport> {
  const { config, loaded, io, signal, env } = context;
  return connectWith(context.oclif, config.proxmox.transport, {
    io,
    signal,
    settings: config.proxmox,
    env,
    origin: (key) => describeOrigin(loaded.origin(`proxmox.${key}`)),
  });
}
