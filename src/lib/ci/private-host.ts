import { isIPv4, isIPv6 } from 'node:net';

const PRIVATE_4 =
  /^(?:10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/;
const PRIVATE_6 = /^(?:::1$|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/i;
const PRIVATE_NAMES = /\.(?:local|lan|home|internal|localdomain|home\.arpa)\.?$/i;

/** Whether a name or address is one that only its own network knows. A name without a dot is an alias, or of a local DNS. */
export function isPrivateHost(host: string): boolean {
  const bare = host.replaceAll(/[[\]]/g, '');
  if (isIPv4(bare)) return PRIVATE_4.test(bare);
  if (isIPv6(bare)) return PRIVATE_6.test(bare);
  return !bare.includes('.') || PRIVATE_NAMES.test(bare);
}
