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
  /** What to do about a 401, where the credential is no token. */
  readonly credentialHint?: string | undefined;
}

/** The right that a refusal names. */
export interface MissingRight {
  /** Of Proxmox's access tree: `/vms/600`. */
  readonly aclPath: string;
  /** One of them is enough. */
  readonly privileges: readonly string[];
  /** The tag that may not be added or taken away, where that is what was refused. */
  readonly tag?: string;
}

const REFUSED = /Permission check failed/i;

/**
 * `Permission check failed (/vms/600, VM.Snapshot|VM.Snapshot.Rollback)`, in whatever it stands.
 * @returns undefined when the text names none
 */
export function missingRight(text: string): MissingRight | undefined {
  const [, aclPath, wanted] = /Permission check failed \(([^(),]+), ([^()]+)\)/i.exec(text) ?? [];
  if (aclPath === undefined || wanted === undefined) return undefined;
  const [names = '', tag] = wanted.split(/ for modifying tag /);
  return { aclPath, privileges: names.split('|'), ...(tag === undefined ? {} : { tag: tag.replaceAll("'", '') }) };
}

/** Whether a message of Proxmox, of an answer or of a task's end, is a refusal for lack of a privilege. */
export function isForbidden(text: string): boolean {
  return REFUSED.test(text);
}

function forbiddenHint(right: MissingRight | undefined): string {
  const role = 'zebu doctor --role prints the role with all that zebu uses.';
  if (right === undefined) return `Its login lacks a privilege; ${role}`;
  const needs = `It needs ${right.privileges.join(' or ')} on ${right.aclPath}`;
  if (right.tag === undefined) return `${needs}; ${role}`;
  return `The datacenter restricts tags: allow ${right.tag} there (Datacenter, Options: User Tag Access, Registered Tags), or give the login ${right.privileges.join(' or ')} on ${right.aclPath}.`;
}

/**
 * The one error for a right that is missing, whether the request was refused or the task that it started.
 * @param asked what was not allowed: `POST /nodes/pve/vzdump`, `backing up VM 100`
 * @param said Proxmox's words
 */
export function pveForbidden(asked: string, said: string, details: Readonly<Record<string, unknown>>): ZebuError {
  const right = missingRight(said);
  return new ZebuError('PROXMOX_FORBIDDEN', `Proxmox does not allow ${asked}: ${said.replace(/^403 /, '')}`, {
    hint: forbiddenHint(right),
    details: {
      ...details,
      ...(right === undefined ? {} : { privilege: right.privileges.join('|'), aclPath: right.aclPath }),
      ...(right?.tag === undefined ? {} : { tag: right.tag }),
    },
  });
}

/** What to do about a configuration that is locked; undefined when the text says nothing of it. */
export function lockHint(text: string): string | undefined {
  const [, lock] = /\bis locked \(([\w-]+)\)/.exec(text) ?? [];
  if (lock === undefined) return undefined;
  return `A task of Proxmox (${lock}) has it: wait for its end. If none is going on, it died: on the host, qm unlock and the VM's id.`;
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
        hint:
          refusal.credentialHint ??
          'Check the token, and that neither it nor its user has expired: pveum user token list <user>@<realm>',
        details,
      },
    );
  }
  if (status === 403 || isForbidden(reason)) return pveForbidden(asked, reason, details);
  return new ZebuError('PROXMOX_REFUSED', [`Proxmox refused ${asked}: ${reason}`, ...named].join(' '), {
    hint: lockHint(reason),
    details,
  });
}
