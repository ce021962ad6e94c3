import type { TransportContext, TransportFactory } from '@zebu/kit';
import { ApiTransport } from './api-transport.js';
import { readToken } from './token.js';
import { parseSettings } from './settings.js';
import { readTrust } from './tls.js';

/** The `api` transport. Connects with the first request; the certificate is judged before the token is sent. */
export const factory: TransportFactory = {
  connect: async (context: TransportContext) => {
    const settings = parseSettings(context);
    const [token, trust] = await Promise.all([readToken(settings, context), readTrust(settings)]);
    context.io.redactor.add(token.secret.reveal());
    return new ApiTransport({ ...settings, token, trust, io: context.io, signal: context.signal });
  },
};
