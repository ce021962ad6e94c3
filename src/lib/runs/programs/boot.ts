import { sh } from '@zebu/kit';
import { ZEBU_ROOT } from '../../guest/prove.js';
import { sumOf, type Sums } from './sums.js';

const UNIT = '/etc/systemd/system/zebu-recover.service';
const RECOVER_FILE = `${ZEBU_ROOT}/recover`;

/** Files outside an app's folder that a deploy sees to. */
export const BOOT_FILES = [RECOVER_FILE, UNIT];

/** What the machine does once it is up again: each app's open transaction, under that app's lock. */
const RECOVER = `#!/bin/sh
# Written by zebu. After a power cut: ends the deploys that were open.
for state in ${ZEBU_ROOT}/*/transaction; do
  [ -f "$state" ] || continue
  base=$(dirname "$state")
  (
    exec 9>>"$base/lock"
    flock -n 9 && [ -f "$state" ] && exec sh "$base/runner" recover "$base" - - worker
  )
done
exit 0
`;

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
  if (sums.get(RECOVER_FILE) === sumOf(RECOVER) && sums.get(UNIT) === sumOf(unit(user))) return '';
  return sh`
umask 022
printf '%s' ${RECOVER} >.incoming/recover
cmp -s .incoming/recover ${RECOVER_FILE} || mv .incoming/recover ${RECOVER_FILE}
printf '%s' ${unit(user)} >.incoming/unit
if ! cmp -s .incoming/unit ${UNIT} && [ -d /etc/systemd/system ]; then
  sudo -n sh -c 'install -m 0644 "$1" "$2" && mkdir -p "$3" && ln -sf "$2" "$3/"' _ "$PWD/.incoming/unit" ${UNIT} /etc/systemd/system/multi-user.target.wants 2>/dev/null || :
fi
`;
}
