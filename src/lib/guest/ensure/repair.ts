import { sh } from '@zebu/kit';
import { changeCalls, type UnitsChange } from '../../units/change.js';
import { CLOUD_INIT_DROP_IN } from './check.js';

/** What can be put right in the guest, each idempotent. */
export type Repair =
  | { readonly kind: 'sshd'; readonly rootLogin: string }
  | { readonly kind: 'passwords'; readonly users: readonly string[] }
  | { readonly kind: 'keys'; readonly text: string }
  | { readonly kind: 'host-keys' }
  | { readonly kind: 'upgrades'; readonly on: boolean }
  | { readonly kind: 'docker-config'; readonly text: string }
  | { readonly kind: 'docker' }
  | { readonly kind: 'swap'; readonly mb: number }
  | { readonly kind: 'units'; readonly files: readonly string[] }
  | { readonly kind: 'wanted-units'; readonly change: UnitsChange }
  | { readonly kind: 'packages'; readonly names: readonly string[] }
  | {
      readonly kind: 'grow';
      readonly disk: string;
      readonly partition: number;
      readonly part: string;
      readonly fsType: string;
    };

/** Repairs after which a new login is tried while the old one still stands, and which are taken back if it fails. */
export const touchesLogin = (repair: Repair): boolean => repair.kind === 'sshd' || repair.kind === 'keys';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function sshdSettings(rootLogin: string): string {
  return [
    '# Kept by zebu: keys only. It sorts before the drop-ins of the image, and the first value counts.',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    `PermitRootLogin ${rootLogin}`,
    '',
  ].join('\n');
}

/** The call of one repair. @param cloudInit the drop-in's content */
export function repairCall(repair: Repair, user: string, cloudInit: string): string {
  switch (repair.kind) {
    case 'sshd':
      return sh`repair_sshd ${base64(sshdSettings(repair.rootLogin))}`;
    case 'passwords':
      return sh`repair_passwords ${repair.users}`;
    case 'keys':
      return sh`repair_keys ${user} ${base64(repair.text)}`;
    case 'host-keys':
      return sh`put ${CLOUD_INIT_DROP_IN} 644 ${base64(cloudInit)}`;
    case 'upgrades':
      return sh`repair_upgrades ${repair.on ? 1 : 0}`;
    case 'docker-config':
      return sh`repair_docker_config ${base64(repair.text)}`;
    case 'docker':
      return 'repair_docker';
    case 'swap':
      return sh`repair_swap ${repair.mb}`;
    case 'units':
      return sh`repair_units ${repair.files}`;
    case 'wanted-units':
      return sh`repair_wanted_units ${changeCalls(repair.change).join(' && ')}`;
    case 'packages':
      return sh`repair_packages ${repair.names}`;
    case 'grow':
      return sh`repair_grow ${repair.disk} ${repair.partition} ${repair.part} ${repair.fsType}`;
  }
}
