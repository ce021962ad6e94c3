import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { PveFault } from './fault.js';

/** Made anew with the daemon, as a node's key is once a day: what was given out before is not accepted any more. */
const KEY = randomBytes(32);

/** Both are good for two hours, and five minutes ahead of the node's clock. */
const LIFETIME_S = 7200;
const AHEAD_S = 300;

const stamp = (): string =>
  Math.floor(Date.now() / 1000)
    .toString(16)
    .toUpperCase()
    .padStart(8, '0');
const sign = (text: string): string => createHmac('sha256', KEY).update(text).digest('base64');

const isFresh = (time: string): boolean => {
  const age = Date.now() / 1000 - Number.parseInt(time, 16);
  return age > -AHEAD_S && age < LIFETIME_S;
};

function same(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}

/** The value of the cookie that a login gives. */
export function assembleTicket(user: string): string {
  const plain = `PVE:${user}:${stamp()}`;
  return `${plain}::${sign(plain)}`;
}

/** What has to come with every write beside the cookie. */
export function assembleCsrfToken(user: string): string {
  const time = stamp();
  return `${time}:${sign(`${time}:${user}`)}`;
}

/** @returns the user @throws PveFault 401 */
export function verifyTicket(ticket: string): string {
  const [, plain = '', user = '', time = '', signature = ''] =
    /^(PVE:([^:]+):([0-9A-F]{8}))::(\S+)$/.exec(ticket) ?? [];
  if (plain === '' || !same(signature, sign(plain)) || !isFresh(time))
    throw new PveFault(401, 'permission denied - invalid PVE ticket');
  return user;
}

/** @throws PveFault 401 */
export function verifyCsrfToken(user: string, token: string | undefined): void {
  const [, time = '', signature = ''] = /^([0-9A-F]{8}):(\S+)$/.exec(token ?? '') ?? [];
  if (time === '' || !same(signature, sign(`${time}:${user}`)) || !isFresh(time))
    throw new PveFault(401, 'Permission denied - invalid csrf token');
}
