/**
 * The closed set of things that can go wrong, and what each means to a script.
 *
 * Exit statuses are the same in a shell, in `--json` and in CI; `docs/troubleshooting.md` has one section a code.
 */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  configuration: 3,
  unreachable: 4,
  proxmox: 5,
  precondition: 6,
  restored: 7,
  unhealthy: 8,
  unknown: 9,
  interrupted: 130,
} as const;

/** Code → exit status. Add a line here, one in docs/troubleshooting.md, and a test that provokes it. */
export const ERROR_CODES = {
  BUG: EXIT.bug,
  USAGE: EXIT.usage,
  NEEDS_CONFIRMATION: EXIT.usage,
  CONFIG_NOT_FOUND: EXIT.configuration,
  CONFIG_INVALID: EXIT.configuration,
  PROVIDER_UNKNOWN: EXIT.configuration,
  PROVIDER_BROKEN: EXIT.configuration,
  PLUGIN_REFUSED: EXIT.precondition,
  CREDENTIAL_MISSING: EXIT.configuration,
  UNREACHABLE: EXIT.unreachable,
  AUTH_FAILED: EXIT.unreachable,
  HOST_KEY_UNKNOWN: EXIT.unreachable,
  HOST_KEY_CHANGED: EXIT.unreachable,
  TLS_UNTRUSTED: EXIT.unreachable,
  PROXMOX_REFUSED: EXIT.proxmox,
  PROXMOX_FORBIDDEN: EXIT.proxmox,
  TASK_FAILED: EXIT.proxmox,
  TASK_TIMEOUT: EXIT.unknown,
  VM_MISSING: EXIT.precondition,
  VM_DIFFERS: EXIT.precondition,
  VM_NOT_RUNNING: EXIT.precondition,
  VM_NOT_READY: EXIT.precondition,
  VMID_TAKEN: EXIT.precondition,
  IMAGE_MISMATCH: EXIT.precondition,
  SCRIPT_CHANGED: EXIT.precondition,
  SCRIPT_FAILED: EXIT.proxmox,
  DOCKER_MISSING: EXIT.precondition,
  FILE_REFUSED: EXIT.precondition,
  FILE_UNCOMMITTED: EXIT.precondition,
  GIT_MISSING: EXIT.precondition,
  REF_UNKNOWN: EXIT.precondition,
  REGISTRY_REFUSED: EXIT.precondition,
  REPOSITORY_INCOMPLETE: EXIT.precondition,
  PULL_DISABLED: EXIT.precondition,
  PULL_REFUSED: EXIT.precondition,
  COMPOSE_INVALID: EXIT.precondition,
  SECRET_MISSING: EXIT.precondition,
  SECRET_EXPOSED: EXIT.precondition,
  SECRET_UNDECLARED: EXIT.precondition,
  SECRET_OUTDATED: EXIT.precondition,
  SECRET_PROTECTED: EXIT.precondition,
  SECRET_UNKNOWN: EXIT.precondition,
  SECRET_STORE_REFUSED: EXIT.precondition,
  APP_MISSING: EXIT.precondition,
  SERVICE_UNKNOWN: EXIT.precondition,
  SERVICE_NOT_RUNNING: EXIT.precondition,
  PROXY_MISSING: EXIT.precondition,
  LOCK_HELD: EXIT.precondition,
  HOOK_REFUSED: EXIT.precondition,
  NO_SPACE: EXIT.precondition,
  BACKUP_MISSING: EXIT.precondition,
  BACKUP_UNPROVEN: EXIT.unhealthy,
  DUMP_UNPROVEN: EXIT.unhealthy,
  DUMP_MISSING: EXIT.precondition,
  DUMP_REFUSED: EXIT.precondition,
  OFFSITE_REFUSED: EXIT.precondition,
  MIGRATE_REFUSED: EXIT.precondition,
  SNAPSHOT_MISSING: EXIT.precondition,
  SNAPSHOT_REFUSED: EXIT.precondition,
  LAB_UNSUPPORTED: EXIT.precondition,
  LAB_FAILED: EXIT.precondition,
  DEPLOY_REFUSED: EXIT.precondition,
  REHEARSAL_FAILED: EXIT.restored,
  REBUILD_RESTORED: EXIT.restored,
  REBUILD_UNHEALTHY: EXIT.unhealthy,
  DEPLOY_RESTORED: EXIT.restored,
  DEPLOY_UNHEALTHY: EXIT.unhealthy,
  OUTCOME_UNKNOWN: EXIT.unknown,
  INTERRUPTED: EXIT.interrupted,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorExtras {
  /** What to type or change next; one line. */
  readonly hint?: string | undefined;
  /** For `--json`; must hold no secret. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
}

/**
 * An error a user can act on: one line of message (what, where), one line of hint (what to do).
 *
 * Recognised by `code`, never by `instanceof`: an installed plugin may bring its own copy of this package.
 */
export class ZebuError extends Error {
  override readonly name = 'ZebuError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  /** Read by oclif, which takes the exit status from here. */
  readonly oclif: { readonly exit: number };

  constructor(code: ErrorCode, message: string, extras: ErrorExtras = {}) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.code = code;
    this.hint = extras.hint;
    this.details = extras.details;
    this.oclif = { exit: ERROR_CODES[code] };
  }

  get exit(): number {
    return this.oclif.exit;
  }
}

/** True for a ZebuError of this or any other copy of the package. */
export function isZebuError(error: unknown): error is ZebuError {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  return error.name === 'ZebuError' && typeof code === 'string' && code in ERROR_CODES;
}

/** What the user asked to stop; thrown once nothing half-done is left. */
export function interrupted(message = 'Interrupted; nothing was changed.'): ZebuError {
  return new ZebuError('INTERRUPTED', message);
}
