import { sh, variables } from '@zebu/kit';
import { ZEBU_ROOT } from '../../guest/zebu-root.js';
import BOOT_PART from './boot-part.sh';
import RECOVER_ALL from './recover-all.sh';
import { sumOf, type Sums } from './sums.js';

/** Files outside an app's folder that a deploy sees to. */
export const UNIT_FILE = '/etc/systemd/system/zebu-recover.service';
export const RECOVER_FILE = `${ZEBU_ROOT}/recover`;

/** What the machine does once it is up again. */
const RECOVER = [
  '#!/bin/sh\n',
  '# Written by zebu. After a power cut: ends the deploys that were open.\n',
  sh`set -- ${[ZEBU_ROOT]}`,
  `\n${RECOVER_ALL}`,
].join('');

function unit(user: string): string {
  return `# Written by zebu.
[Unit]
Description=End deploys that a power cut left open
After=docker.service network-online.target
Wants=docker.service

[Service]
Type=oneshot
User=${user}
ExecStart=/bin/sh ${RECOVER_FILE}
TimeoutStartSec=1h

[Install]
WantedBy=multi-user.target
`;
}

/**
 * A one-shot unit that ends an open transaction after a power cut, installed once. Where the user may not use sudo the
 * next zebu command that changes something does it instead.
 */
export function bootPart(user: string, sums: Sums): string {
  if (sums.get(RECOVER_FILE) === sumOf(RECOVER) && sums.get(UNIT_FILE) === sumOf(unit(user))) return '';
  return (
    variables({ recover_program: RECOVER, recover_file: RECOVER_FILE, unit: unit(user), unit_file: UNIT_FILE }) +
    BOOT_PART
  );
}
