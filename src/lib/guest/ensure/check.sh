# shellcheck shell=sh
# Functions that look at what zebu keeps as it should be, and print it as `key=value` lines. Nothing is changed. Run as root. The kernel's
# own process namespace has a fixed number: in another one this is a container, whose swap and disks are not its own.

PATH=/usr/sbin:/sbin:/usr/bin:/bin
export PATH LC_ALL=C
say() { printf '%s=%s\n' "$1" "$2"; }
secret_of() {
  case $(getent shadow "$1" | cut -d: -f2) in '') echo empty ;; '!'* | '*'*) echo locked ;; *) echo set ;; esac
}
sshd_of() {
  sshd -T -C "user=$1,host=zebu,addr=192.0.2.1,laddr=192.0.2.2,lport=22" 2>/dev/null |
    awk '$1=="passwordauthentication"||$1=="kbdinteractiveauthentication"||$1=="challengeresponseauthentication"||$1=="permitrootlogin"{print $1","$2}' |
    tr '\n' ' '
}
check_disk() {
  source=$(findmnt -no SOURCE / 2>/dev/null)
  case $source in /dev/*) ;; *) return ;; esac
  part=$(lsblk -dno KNAME "$source" 2>/dev/null) disk=$(lsblk -dno PKNAME "$source" 2>/dev/null)
  [ -n "$part" ] && [ -n "$disk" ] && [ -r "/sys/class/block/$part/partition" ] || return
  say disk_partition "$(cat "/sys/class/block/$part/partition")"
  say disk_device "/dev/$disk"
  say disk_sectors "$(cat "/sys/class/block/$disk/size")"
  say part_device "/dev/$part"
  say part_start "$(cat "/sys/class/block/$part/start")"
  say part_sectors "$(cat "/sys/class/block/$part/size")"
  say fs_type "$(findmnt -no FSTYPE /)"
  say fs_bytes "$(df -B1 --output=size / | tail -n 1 | tr -d ' ')"
}
check_upgrades() {
  command -v apt-get >/dev/null || { say upgrades no-apt; return; }
  if ! dpkg-query -W -f '${Status}' unattended-upgrades 2>/dev/null | grep -q 'ok installed'; then
    candidate=$(apt-cache policy unattended-upgrades 2>/dev/null | sed -n 's/^ *Candidate: //p')
    case $candidate in '' | '(none)') say upgrades unavailable ;; *) say upgrades missing ;; esac
    return
  fi
  U='' L=''
  eval "$(apt-config shell U APT::Periodic::Unattended-Upgrade L APT::Periodic::Update-Package-Lists)"
  state=on
  case $U in '' | 0) state=off ;; esac
  case $L in '' | 0) state=off ;; esac
  if [ -d /run/systemd/system ]; then
    systemctl is-enabled --quiet apt-daily.timer apt-daily-upgrade.timer 2>/dev/null || state=off
  else say upgrades_timer none
  fi
  say upgrades "$state"
}
check() {
  say checked 1
  # shellcheck disable=SC2015 # say does not fail
  [ "$(readlink /proc/self/ns/pid)" = 'pid:[4026531836]' ] && say kernel own || say kernel shared
  # shellcheck disable=SC2015 # say does not fail
  [ -d /run/systemd/system ] && say init systemd || say init other
  say sshd_user "$(sshd_of "$user")"
  say sshd_root "$(sshd_of root)"
  say secret_user "$(secret_of "$user")"
  say secret_root "$(secret_of root)"
  home=$(getent passwd "$user" | cut -d: -f6)
  say keys "$(base64 -w0 "$home/.ssh/authorized_keys" 2>/dev/null)"
  command -v cloud-init >/dev/null && say cloud_init "$(base64 -w0 "$cloud_init_drop_in" 2>/dev/null)"
  check_upgrades
  say docker_config "$(base64 -w0 "$daemon_json" 2>/dev/null)"
  say docker_config_time "$(stat -c %Y "$daemon_json" 2>/dev/null)"
  # What swarmkit keeps is there from "docker swarm init" on, until the node leaves.
  [ -e /var/lib/docker/swarm/docker-state.json ] && say docker_swarm yes
  say docker_started "$(stat -c %Y /run/docker.pid 2>/dev/null)"
  say swap "$(awk 'NR>1{print $1","$3}' /proc/swaps | tr '\n' ' ')"
  say swap_kept "$(awk '$1==f&&$3=="swap"{print "yes"}' f="$swap_file" /etc/fstab 2>/dev/null)"
  say room_mb "$(df -Pk / | awk 'NR == 2 { print int($4 / 1024) }')"
  check_disk
  say units "$(unit_states)"
  # shellcheck disable=SC2154 # set with the functions of units
  say unit_digests "$(unit_digests "$units_record" "$units_app" | tr ' \n' ', ')"
  # shellcheck disable=SC2086 # names, each free of blanks
  say packages_missing "$(missing_packages $packages)"
}
