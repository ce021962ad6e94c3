import { ZebuError } from '@zebu/kit';
import type { ZodType } from 'zod';

/**
 * One answer through its schema.
 * @param what the request, for the message
 * @throws PROXMOX_REFUSED when the answer is not what this version of zebu understands
 */
export function parseAnswer<T>(schema: ZodType<T>, data: unknown, what: string): T {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ZebuError(
    'PROXMOX_REFUSED',
    `Proxmox answered ${what} in a way zebu does not understand: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
    { hint: 'zebu knows Proxmox VE 8 and 9. The same command with --debug shows the requests.' },
  );
}
