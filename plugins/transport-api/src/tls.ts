import { readFile } from 'node:fs/promises';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { ZebuError } from '@zebu/kit';
import type { ApiSettings } from './settings.js';

/** Either the exact certificate, or an authority (the system's when none is named). There is no third way. */
export type Trust = { readonly fingerprint: string } | { readonly ca: Buffer | undefined };

export async function readTrust(settings: ApiSettings): Promise<Trust> {
  if (settings.fingerprint !== undefined) return { fingerprint: settings.fingerprint.toUpperCase() };
  if (settings.ca_file === undefined) return { ca: undefined };
  try {
    return { ca: await readFile(settings.ca_file) };
  } catch (error) {
    throw new ZebuError(
      'CONFIG_INVALID',
      `proxmox.ca_file: ${settings.ca_file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`,
      { cause: error },
    );
  }
}

/** Judges the peer of a finished handshake, before the first byte of a request. */
export function untrusted(socket: TLSSocket, trust: Trust, where: string): ZebuError | undefined {
  const certificate = socket.getPeerCertificate() as Partial<PeerCertificate> | null;
  // A kept connection that was closed while the request waited for its turn has none any more.
  if (certificate === null) return new ZebuError('UNREACHABLE', `The connection to ${where} was closed`);
  const presented = certificate.fingerprint256;
  if ('fingerprint' in trust) {
    if (presented === trust.fingerprint) return undefined;
    return new ZebuError('TLS_UNTRUSTED', `${where} presents another certificate than the pinned one`, {
      hint: 'If the certificate was renewed, compare the new fingerprint in the web interface and set proxmox.fingerprint.',
      details: { presented, pinned: trust.fingerprint },
    });
  }
  if (socket.authorized) return undefined;
  return new ZebuError(
    'TLS_UNTRUSTED',
    `The certificate of ${where} is not trusted (${String(socket.authorizationError)}); its fingerprint is ${presented ?? 'unknown'}`,
    {
      hint: 'Compare it in the web interface (node, System, Certificates), then set proxmox.fingerprint, or proxmox.ca_file.',
      details: { presented },
    },
  );
}
