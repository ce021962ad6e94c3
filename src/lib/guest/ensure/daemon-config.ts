import * as z from 'zod';
import { DAEMON_JSON } from './check.js';

export type DaemonConfig =
  | { readonly kind: 'differs'; readonly text: string; readonly found: string }
  /** Somebody decided otherwise, or it cannot be read: it stays as it is. */
  | { readonly kind: 'left'; readonly why: string }
  | { readonly kind: 'right' };

const FILES = 3;

const daemonSchema = z.looseObject({
  'log-driver': z.string().default('json-file'),
  'log-opts': z.record(z.string(), z.string()).default({}),
});

/** Docker's configuration with limits on what containers may log; every other key stays. @param text '' when there is none */
export function mergeDaemonConfig(text: string, megabytes: number): DaemonConfig {
  let parsed: ReturnType<typeof daemonSchema.safeParse> | undefined;
  try {
    parsed = daemonSchema.safeParse(text.trim() === '' ? {} : JSON.parse(text));
  } catch {
    // Said below.
  }
  if (parsed?.success !== true) return { kind: 'left', why: `${DAEMON_JSON} in the VM is not what Docker reads` };
  const { 'log-driver': driver, 'log-opts': options } = parsed.data;
  if (driver !== 'json-file' && driver !== 'local') {
    return { kind: 'left', why: `${DAEMON_JSON} in the VM sends the output of containers to ${driver}` };
  }
  const wanted = { 'max-size': `${Math.floor(megabytes / FILES)}m`, 'max-file': String(FILES) };
  if (Object.entries(wanted).every(([name, value]) => options[name] === value)) return { kind: 'right' };
  const merged = { ...parsed.data, 'log-opts': { ...options, ...wanted } };
  const { 'max-size': size, 'max-file': files = '1' } = options;
  const found = size === undefined ? 'no limit' : `${files} files of ${size}`;
  return { kind: 'differs', text: `${JSON.stringify(merged, undefined, 2)}\n`, found };
}
