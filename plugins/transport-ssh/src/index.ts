import type { TransportContext, TransportFactory } from '@zebu/kit';
import { openSsh } from '@zebu/kit/ssh';
import { parseSettings } from './settings.js';

/** The `ssh` transport: one connection, through which the host's own API server is asked, and its shell. */
export const factory: TransportFactory = {
  connect: async (context: TransportContext) => {
    const settings = parseSettings(context);
    // The rest is loaded while the host is reached.
    const [session, { SshTransport }] = await Promise.all([
      openSsh(settings.target, { signal: context.signal }),
      import('./ssh-transport.js'),
    ]);
    const transport = new SshTransport({ session, io: context.io, signal: context.signal, ...settings });
    transport.begin();
    return transport;
  },
};
