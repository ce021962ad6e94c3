import * as z from 'zod';
import type { ProxmoxClient } from './client.js';
import { parseAnswer } from './parse.js';

/** Path → privilege → 1 when it holds below the path, too, else 0. Paths without any are left out. */
const permissionsAnswer = z.record(z.string(), z.record(z.string(), z.coerce.number()));

export type Permissions = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What the login itself may do; everybody may ask that. */
export async function readPermissions(client: ProxmoxClient): Promise<Permissions> {
  return parseAnswer(permissionsAnswer, await client.request('GET', '/access/permissions'), 'the privileges');
}

/** The privileges in force on a path: those of the nearest path above it that has any that reach down to it. */
export function effective(permissions: Permissions, path: string): ReadonlySet<string> {
  const own = permissions[path];
  if (own !== undefined) return new Set(Object.keys(own));
  for (let above = path; above !== '/';) {
    const cut = above.lastIndexOf('/');
    above = cut <= 0 ? '/' : above.slice(0, cut);
    const reaching = Object.entries(permissions[above] ?? {}).filter(([, propagates]) => propagates !== 0);
    if (reaching.length > 0) return new Set(reaching.map(([name]) => name));
  }
  return new Set();
}

export function holds(permissions: Permissions, path: string, anyOf: readonly string[]): boolean {
  const held = effective(permissions, path);
  return anyOf.some((name) => held.has(name));
}
