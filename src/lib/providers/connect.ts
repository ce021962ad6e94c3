import type { Transport } from '@zebu/kit';
import { describeOrigin } from '../config/layers.js';
import type { Context } from '../context/context.js';
import { connectWith } from './registry.js';

/** The transport that `proxmox.transport` names, connected; with ZEBU_RECORD_PROXMOX, what is said over it is written there. */
export async function connectTransport(context: Context): Promise<Transport> {
  const { config, loaded, io, signal, env } = context;
  const transport = await connectWith(context.oclif, config.proxmox.transport, {
    io,
    signal,
    settings: config.proxmox,
    env,
    origin: (key) => describeOrigin(loaded.origin(`proxmox.${key}`)),
  });
  const file = env('ZEBU_RECORD_PROXMOX');
  if (file === undefined) return transport;
  const { recorded } = await import('./recorder.js');
  return recorded(transport, { file, redactor: io.redactor, hosts: [config.proxmox.host, config.proxmox.node] });
}
