import { ZebuError } from '@zebu/kit';
import { saysDiskFull } from '../../../guest/disk-full.js';
import type { JobResult } from './job.js';

/** What was seen of a run, to explain how it ended. */
export interface Seen {
  /** What it was busy with last. */
  readonly phase: string;
  /** Lines marked as failures, last one last. */
  readonly failed: readonly string[];
  /** Other programs' words, the last few of them. */
  readonly other: readonly string[];
  /** Seconds the run was given. */
  readonly limit: number;
}

const UPDATE = 'See what changed with `zebu vm:script`; vm.provisioner cloud-image needs no script.';

/** GNU timeout's own statuses. */
const TIMED_OUT = [124, 137];

function dialogError(result: JobResult): ZebuError | undefined {
  const asked = `"${result.title}"${result.text === '' ? '' : `: ${result.text}`}`;
  if (result.stopped === 'unknown')
    return new ZebuError('SCRIPT_CHANGED', `The community script asked something zebu has no answer for, ${asked}`, {
      hint: UPDATE,
    });
  if (result.stopped === 'choice')
    return new ZebuError('SCRIPT_CHANGED', `The community script does not offer what zebu would choose, ${asked}`, {
      hint: UPDATE,
    });
  if (result.stopped === 'again')
    return new ZebuError('SCRIPT_FAILED', `The community script did not accept the answer to ${asked}`, {
      hint: 'It is taken from zebu.yml: see which key is meant with `zebu vm:create --dry-run`.',
    });
  if (result.missing.length > 0)
    return new ZebuError(
      'SCRIPT_CHANGED',
      `The community script did not ask ${result.missing.map((title) => `"${title}"`).join(', ')}, which zebu relies on`,
      {
        hint: UPDATE,
      },
    );
  return undefined;
}

/** The words a program used, wherever they were printed. */
function knownTrouble(words: string): ZebuError | undefined {
  if (/401\s+Unauthorized/i.test(words) && /enterprise/i.test(words)) {
    return new ZebuError(
      'SCRIPT_FAILED',
      'The community script could not install libguestfs-tools: the enterprise repository answers 401 Unauthorized',
      {
        hint: 'The host has the enterprise repository without a subscription. In the web interface: node, Updates, Repositories: disable it and add the no-subscription one.',
      },
    );
  }
  if (/Unable to locate package libguestfs-tools|virt-customize: (command )?not found/i.test(words)) {
    return new ZebuError(
      'SCRIPT_FAILED',
      'The host has no virt-customize, and its repositories have no libguestfs-tools to install it from',
      {
        hint: 'Look at `apt policy libguestfs-tools` on the host, or use vm.provisioner cloud-image.',
      },
    );
  }
  if (/Could not get lock \/var\/lib\/(dpkg|apt)/i.test(words)) {
    return new ZebuError(
      'SCRIPT_FAILED',
      'The community script could not install libguestfs-tools: another apt is running on the host',
      {
        hint: 'Run it again when that has ended.',
      },
    );
  }
  if (/Unable to detect a valid storage location/i.test(words)) {
    return new ZebuError('CONFIG_INVALID', 'The community script found no storage that takes disk images', {
      hint: 'Allow it: Datacenter, Storage, Edit, Content: Disk image.',
    });
  }
  if (saysDiskFull(words))
    return new ZebuError('NO_SPACE', 'The host ran out of disk space while the image was prepared');
  return undefined;
}

/** Why a run that is no good ended as it did. */
export function explainRun(result: JobResult, seen: Seen): ZebuError {
  const error = plainReason(result, seen);
  if (!result.left) return error;
  return new ZebuError(error.code, `${error.message}; what it made of the VM could not be removed`, {
    hint: error.hint,
  });
}

function plainReason(result: JobResult, seen: Seen): ZebuError {
  const words = [...seen.other, ...seen.failed].join('\n');
  const dialog = dialogError(result);
  if (dialog !== undefined && result.stopped !== undefined) return dialog;
  const known = knownTrouble(words);
  if (known !== undefined) return known;
  if (result.withoutDocker) {
    return new ZebuError(
      'SCRIPT_FAILED',
      'The community script could not put Docker into the image, and says that Docker must be installed manually',
      {
        hint: 'virt-customize fails on the host: try `LIBGUESTFS_DEBUG=1 libguestfs-test-tool` there, or use vm.provisioner cloud-image.',
      },
    );
  }
  if (/User exited script/.test(words) && result.failures.length === 0)
    return new ZebuError(
      'SCRIPT_FAILED',
      `The community script stopped by itself${during(seen)}: ${lastOf(
        seen.failed.filter((line) => !/User exited script/.test(line)),
        'it did not accept an answer',
      )}`,
    );
  if (TIMED_OUT.includes(result.code))
    return new ZebuError('SCRIPT_FAILED', `The community script did not end within ${seen.limit} s${during(seen)}`, {
      hint: 'Give it more with vm.script.timeout, if the host is slow.',
    });
  if (dialog !== undefined) return dialog;
  if (result.code === 0)
    return new ZebuError(
      'SCRIPT_FAILED',
      `The community script says it is done but there is no VM as it was asked for${during(seen)}`,
    );
  const cause = result.failures.at(-1);
  return new ZebuError(
    'SCRIPT_FAILED',
    `The community script failed${during(seen)} with status ${result.code}: ${cause === undefined ? lastOf([...seen.other, ...seen.failed], 'it gave no reason') : `qm ${cause}`}`,
    { hint: 'Nothing of it is left on the host. Run it again, or use vm.provisioner cloud-image.' },
  );
}

const during = ({ phase }: Seen): string => (phase === '' ? '' : ` at "${phase}"`);
const lastOf = (lines: readonly string[], otherwise: string): string => lines.at(-1) ?? otherwise;
