import { createHmac, randomBytes } from 'node:crypto';

/** 32 random bytes in hex; made once an app, kept beside its secrets in the VM. */
export function newDigestKey(): string {
  return randomBytes(32).toString('hex');
}

/**
 * Tells whether two values of one name are equal without knowing them. Keyed, because a plain hash of a short secret is as
 * good as the secret; with the name in it, because two names with one value should not show.
 */
export function keyedDigest(key: string, name: string, value: string): string {
  return createHmac('sha256', Buffer.from(key, 'hex')).update(`${name}\0${value}`).digest('hex').slice(0, 16);
}
