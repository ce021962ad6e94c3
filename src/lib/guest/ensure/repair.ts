import { sh } from '@zebu/kit';
import { CLOUD_INIT_DROP_IN, DAEMON_JSON, SSHD_DROP_IN, SWAP_FILE } from './check.js';

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

const UPGRADES_CONF = '/etc/apt/apt.conf.d/99zebu-upgrades';

/**
 * The shell functions repairs call. Whatever fails says so as `failed_<kind>=<reason>` and leaves things as they were.
 * A file is replaced by rename; what sshd would not accept never gets in front of it.
 */
export function repairFunctions(): string {
  return sh`
last() { tail -n 1 "$1" | cut -c1-300; }
put() { # FILE MODE BASE64
  install -d -m 0755 "$(dirname "$1")" && printf %s "$3" | base64 -d >"$1.part" && chmod "$2" "$1.part" && mv -f "$1.part" "$1"
}
reload_sshd() {
  if [ -d /run/systemd/system ]; then
    # With socket activation there may be no daemon to tell: each new one reads the file.
    systemctl reload ssh 2>/dev/null || systemctl reload sshd 2>/dev/null || systemctl is-active --quiet ssh.socket
  else kill -HUP "$(cat /run/sshd.pid)"
  fi
}
repair_sshd() { # BASE64
  main=/etc/ssh/sshd_config
  cp -p ${SSHD_DROP_IN} "$work/drop-in" 2>/dev/null
  cp -p "$main" "$work/main"
  put ${SSHD_DROP_IN} 644 "$1"
  if ! grep -Eiq '^[[:space:]]*Include[[:space:]].*sshd_config\.d/\*' "$main"; then
    { echo 'Include /etc/ssh/sshd_config.d/*.conf'; cat "$work/main"; } >"$main.part" && chmod 644 "$main.part" && mv -f "$main.part" "$main"
  fi
  sshd -t 2>"$work/log" && reload_sshd 2>>"$work/log" && return
  undo_sshd
  say failed_sshd "$(last "$work/log")"
}
undo_sshd() {
  if [ -e "$work/drop-in" ]; then cp -p "$work/drop-in" ${SSHD_DROP_IN}; else rm -f ${SSHD_DROP_IN}; fi
  [ ! -e "$work/main" ] || cp -p "$work/main" /etc/ssh/sshd_config
  reload_sshd
}
repair_passwords() { # USER...
  for name; do usermod -p '*' "$name" 2>"$work/log" || say failed_passwords "$(last "$work/log")"; done
}
repair_keys() { # USER BASE64
  home=$(getent passwd "$1" | cut -d: -f6)
  cp -p "$home/.ssh/authorized_keys" "$work/keys" 2>/dev/null
  install -d -m 0700 -o "$1" -g "$(id -g "$1")" "$home/.ssh" && put "$home/.ssh/authorized_keys" 600 "$2" &&
    chown "$1:$(id -g "$1")" "$home/.ssh/authorized_keys" || say failed_keys "$home/.ssh/authorized_keys"
}
repair_upgrades() { # 0|1
  if [ "$1" = 1 ] && ! dpkg-query -W -f '$''{Status}' unattended-upgrades 2>/dev/null | grep -q 'ok installed'; then
    # A fresh image has no lists yet. Without a way to a mirror this has to end soon.
    timeout 60 apt-get update -qq -o Acquire::Retries=0 -o Acquire::http::Timeout=10 -o Acquire::https::Timeout=10 >"$work/log" 2>&1
    DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -y -qq -o DPkg::Lock::Timeout=60 -o Acquire::Retries=0 -o Acquire::http::Timeout=15 unattended-upgrades >"$work/log" 2>&1 ||
      { say failed_upgrades "$(last "$work/log")"; return; }
  fi
  put ${UPGRADES_CONF} 644 "$(printf 'APT::Periodic::Update-Package-Lists "%s";\nAPT::Periodic::Unattended-Upgrade "%s";\n' "$1" "$1" | base64 -w0)"
  [ "$1" = 0 ] || [ ! -d /run/systemd/system ] ||
    { systemctl unmask apt-daily.timer apt-daily-upgrade.timer && systemctl enable --now apt-daily.timer apt-daily-upgrade.timer; } >"$work/log" 2>&1 ||
    say failed_upgrades "$(last "$work/log")"
}
repair_docker() {
  if [ ! -d /run/systemd/system ]; then say deferred_docker 'this guest has no systemd to restart Docker with'
  elif [ -n "$(docker ps -q 2>/dev/null)" ]; then say deferred_docker 'containers are running'
  else systemctl restart docker 2>"$work/log" || say failed_docker "$(last "$work/log")"
  fi
}
log_settings() { # FILE
  tr -d ' \n' <"$1" 2>/dev/null | grep -o '"log-[a-z]*":[^}]*'
}
repair_docker_config() { # BASE64
  printf %s "$1" | base64 -d >"$work/daemon.json"
  if ! dockerd --validate --config-file "$work/daemon.json" >"$work/log" 2>&1 && ! grep -q 'unknown flag' "$work/log"; then
    say failed_docker_config "$(last "$work/log")"; return
  fi
  # Its time tells whether Docker has read it. What a signal makes it read needs no restart.
  cp -p ${DAEMON_JSON} "$work/before" 2>/dev/null
  put ${DAEMON_JSON} 644 "$1"
  [ ! -s /run/docker.pid ] || kill -HUP "$(cat /run/docker.pid)"
  if [ "$(log_settings "$work/before")" = "$(log_settings ${DAEMON_JSON})" ]; then touch -r "$work/before" ${DAEMON_JSON}
  else repair_docker
  fi
}
repair_swap() { # MIB
  if grep -q '^${SWAP_FILE} ' /proc/swaps; then swapoff ${SWAP_FILE} 2>"$work/log" || { say failed_swap "$(last "$work/log")"; return; }; fi
  rm -f ${SWAP_FILE}
  sed -i '\|^${SWAP_FILE} |d' /etc/fstab
  [ "$1" -gt 0 ] || return 0
  (
    umask 077
    fallocate -l "$1M" ${SWAP_FILE} 2>/dev/null || dd if=/dev/zero of=${SWAP_FILE} bs=1M count="$1" 2>/dev/null
    mkswap ${SWAP_FILE} && swapon ${SWAP_FILE}
  ) >"$work/log" 2>&1 || { rm -f ${SWAP_FILE}; say failed_swap "$(last "$work/log")"; return; }
  echo ${`${SWAP_FILE} none swap sw 0 0`} >>/etc/fstab
}
repair_grow() { # DISK PARTITION-NUMBER PARTITION FSTYPE
  { growpart "$1" "$2" || [ $? = 1 ]; } >"$work/log" 2>&1 || { say failed_grow "$(last "$work/log")"; return; }
  case $4 in
    ext[234]) resize2fs "$3" ;;
    xfs) xfs_growfs / ;;
    btrfs) btrfs filesystem resize max / ;;
    *) echo "cannot grow $4"; false ;;
  esac >"$work/log" 2>&1 || say failed_grow "$(last "$work/log")"
}
`;
}

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
    case 'grow':
      return sh`repair_grow ${repair.disk} ${repair.partition} ${repair.part} ${repair.fsType}`;
  }
}
