import type { DesiredVm } from '../../desired.js';

/** One question of the script, known by its title, and what it is told. */
export interface Dialog {
  readonly title: string;
  readonly kind: 'choice' | 'input' | 'yesno';
  /** `yes` or `no`, the tag of a choice, or the text that is typed. */
  readonly answer: string;
  /** The script must have asked it; others are asked only on some hosts. */
  readonly required: boolean;
}

export type ScriptOs = 'debian12' | 'debian13' | 'ubuntu2204' | 'ubuntu2404';

/** What of a VM the answers are taken from. */
export type AnsweredVm = Pick<DesiredVm, 'cores' | 'cpu' | 'diskGb' | 'memoryMb' | 'name'> & {
  readonly network: Pick<DesiredVm['network'], 'mtu' | 'vlan'>;
};

export interface DialogChoices {
  readonly vmid: number;
  readonly os: ScriptOs;
  readonly storage: string;
  readonly bridge: string;
  readonly mac: string;
  /** As `dpkg --print-architecture` on the host: some questions are for amd64 alone. */
  readonly arch: string;
}

/**
 * The answers to every question on the script's Advanced path, in its order. No keys and no start: user, keys and
 * network are set afterwards, before the first boot.
 */
export function dialogTable(desired: AnsweredVm, choices: DialogChoices): readonly Dialog[] {
  const { network } = desired;
  const amd64 = choices.arch === 'amd64';
  const ask = (kind: Dialog['kind'], title: string, answer: number | string, required = true): Dialog => ({
    title,
    kind,
    answer: String(answer),
    required,
  });
  return [
    ask('yesno', 'Docker VM', 'yes'),
    ask('yesno', 'SETTINGS', 'no'),
    ask('choice', 'SELECT OS', choices.os),
    // Ubuntu's images need cloud-init, so there it is not asked.
    ask('yesno', 'CLOUD-INIT', 'yes', choices.os.startsWith('debian')),
    ask('choice', 'SSH KEY SOURCE', 'none'),
    ask('input', 'VIRTUAL MACHINE ID', choices.vmid),
    ask('choice', 'MACHINE TYPE', 'q35', amd64),
    ask('input', 'DISK SIZE', desired.diskGb),
    ask('choice', 'DISK CACHE', '0'),
    ask('input', 'HOSTNAME', desired.name),
    ask('choice', 'CPU MODEL', desired.cpu === 'host' ? '1' : '0', amd64),
    ask('input', 'CORE COUNT', desired.cores),
    ask('input', 'RAM', desired.memoryMb),
    ask('input', 'BRIDGE', choices.bridge),
    ask('input', 'MAC ADDRESS', choices.mac),
    ask('input', 'VLAN', network.vlan ?? ''),
    ask('input', 'MTU SIZE', network.mtu ?? ''),
    ask('yesno', 'START VIRTUAL MACHINE', 'no'),
    ask('yesno', 'ADVANCED SETTINGS COMPLETE', 'yes'),
    // Asked only where there is more than one.
    ask('choice', 'Storage Pools', choices.storage, false),
  ];
}

/**
 * Of questions whose choices do not depend on the host: each tag, with a word of its text that says what it means. Those in
 * brackets are only there on some hosts.
 */
export const CHOICES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'SELECT OS': {
    debian13: 'Debian 13',
    debian12: 'Debian 12',
    ubuntu2404: 'Ubuntu 24.04',
    ubuntu2204: 'Ubuntu 22.04',
  },
  'SSH KEY SOURCE': { '[found]': '', manual: '', folder: '', none: 'No SSH keys' },
  'MACHINE TYPE': { q35: 'q35', i440fx: 'i440fx' },
  'DISK CACHE': { '0': 'None', '1': 'Write Through' },
  'CPU MODEL': { '0': 'KVM64', '1': 'Host' },
};

/** Said by the script of input it does not like; zebu gives it none such. */
export const COMPLAINTS: ReadonlySet<string> = new Set(['HOSTNAME ADJUSTED', 'INVALID INPUT']);

/** One line a dialog, fields separated by tabs, for the program that answers. */
export function dialogLines(dialogs: readonly Dialog[]): string {
  return dialogs
    .map(
      ({ title, kind, answer, required }) =>
        `${[title, kind, required ? 'required' : 'optional', answer].join('\t')}\n`,
    )
    .join('');
}
