import { createHmac, createPublicKey, sign, timingSafeEqual, verify, type KeyObject } from 'node:crypto';
import { PveFault } from './fault.js';

/** Both are good for two hours, and five minutes ahead of the node's clock. */
const LIFETIME_S = 7200;
const AHEAD_S = 300;

const stamp = (): string =>
  Math.floor(Date.now() / 1000)
    .toString(16)
    .toUpperCase()
    .padStart(8, '0');

const isFresh = (time: string): boolean => {
  const age = Date.now() / 1000 - Number.parseInt(time, 16);
  return age > -AHEAD_S && age < LIFETIME_S;
};

function same(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}

/** Perl leaves the padding away. */
const hmac = (key: string, text: string): string =>
  createHmac('sha256', key).update(text).digest('base64').replace(/=+$/, '');

/** Tickets of a login and the tokens beside them, signed with the node's keys as Proxmox does: whoever reads those may make them. */
export class Tickets {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #csrfKey: string;

  /** @param www the text of `pve-www.key` */
  constructor(privateKey: KeyObject, www: string) {
    this.#privateKey = privateKey;
    this.#publicKey = createPublicKey(privateKey);
    this.#csrfKey = hmac(www, '');
  }

  /** The value of the cookie that a login gives. */
  assembleTicket(user: string): string {
    const plain = `PVE:${user}:${stamp()}`;
    return `${plain}::${sign('sha256', Buffer.from(plain), this.#privateKey).toString('base64')}`;
  }

  /** What has to come with every write beside the cookie. */
  assembleCsrfToken(user: string): string {
    const time = stamp();
    return `${time}:${hmac(this.#csrfKey, `${time}:${user}`)}`;
  }

  /** @returns the user @throws PveFault 401 */
  verifyTicket(ticket: string): string {
    const [, plain = '', user = '', time = '', signature = ''] =
      /^(PVE:([^:]+):([0-9A-F]{8}))::([^:\s]+)$/.exec(ticket) ?? [];
    const isOurs =
      plain !== '' && verify('sha256', Buffer.from(plain), this.#publicKey, Buffer.from(signature, 'base64'));
    if (!isOurs || !isFresh(time)) throw new PveFault(401, 'permission denied - invalid PVE ticket');
    return user;
  }

  /** @throws PveFault 401 */
  verifyCsrfToken(user: string, token: string | undefined): void {
    const [, time = '', signature = ''] = /^([0-9A-F]{8}):(\S+)$/.exec(token ?? '') ?? [];
    if (time === '' || !same(signature, hmac(this.#csrfKey, `${time}:${user}`)) || !isFresh(time))
      throw new PveFault(401, 'Permission denied - invalid csrf token');
  }
}
