import { ZebuError } from './errors.js';
import { oneLine } from './one-line.js';

/** A refusal as PVE words it, whichever wire it came over. */
export interface PveRefusal {
  readonly method: string;
  /** Without `/api2/json`. */
  readonly path: string;
  /** HTTP status; what pvesh says when it says one, else 500. */
  readonly status: number;
  /** PVE puts the message of a 500 into the reason phrase. */
  readonly reason: string;
  /** Parameter → what is wrong with it. */
  readonly errors?: Readonly<Record<string, string>> | undefined;
}

/** One line with PVE's own words, and the privilege and path where it lacks one. */
export function pveError(refusal: PveRefusal): ZebuError {
  const { method, path, status, errors } = refusal;
  const reason = oneLine(refusal.reason);
  const named = Object.entries(errors ?? {}).map(([name, text]) => `${name}: ${oneLine(text)}`);
  const details = { method, path, status, reason, ...(errors === undefined ? {} : { errors }) };
  const asked = `${method} ${decodeURIComponent(path)}`;
  if (status === 401) {
    return new ZebuError(
      'AUTH_FAILED',
      `Proxmox does not accept the credentials: ${reason || 'authentication failure'}`,
      {
        hint: 'Check the token, and that neither it nor its user has expired: pveum user token list <user>@<realm>',
        details,
      },
    );
  }
  if (status === 403) {
    const [, aclPath, privilege] = /Permission check failed \(([^,]+), ([^)]+)\)/.exec(reason) ?? [];
    return new ZebuError('PROXMOX_FORBIDDEN', `Proxmox does not allow ${asked}: ${reason}`, {
      hint:
        privilege === undefined
          ? 'Give the token or user the role that docs/setup.md shows.'
          : `It needs ${privilege.replaceAll('|', ' or ')} on ${aclPath}; docs/setup.md shows the role.`,
      details: { ...details, ...(privilege === undefined ? {} : { privilege, aclPath }) },
    });
  }
  return new ZebuError('PROXMOX_REFUSED', [`Proxmox refused ${asked}: ${reason}`, ...named].join(' '), { details });
}
