import type { TransportContext, TransportFactory } from '@zebu/kit';
import { openSsh } from '@zebu/kit/ssh';
import { parseSettings } from './settings.js';
import { SshTransport } from './ssh-transport.js';

/** The `ssh` transport: one connection, through which the host's own API server is asked, and its shell. */
export const factory: TransportFactory = {
  connect: async (context: TransportContext) => {
    const settings = parseSettings(context);
    const session = await openSsh(settings.target, { signal: context.signal });
    return new SshTransport({ session, io: context.io, signal: context.signal, ...settings });
  },
};
