import type { TransportDeclaration } from '@zebu/kit';

/**
 * Stands for what the transports that come with zebu declare. Who bundles the sources, or runs them, asks the plugins and puts it
 * here (scripts/own-transports.ts), so that no start has to load them. The first one is the default.
 */
export const builtTransports: readonly TransportDeclaration[] = [];
