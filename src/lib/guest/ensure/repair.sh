# shellcheck shell=sh
# The functions repairs call. Whatever fails says so as `failed_<kind>=<reason>` and leaves things as they were. A file is replaced by
# rename; what sshd would not accept never gets in front of it.

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
  cp -p "$sshd_drop_in" "$work/drop-in" 2>/dev/null
  cp -p "$sshd_config" "$work/main"
  put "$sshd_drop_in" 644 "$1"
  if ! grep -Eiq '^[[:space:]]*Include[[:space:]].*sshd_config\.d/\*' "$sshd_config"; then
    { echo 'Include /etc/ssh/sshd_config.d/*.conf'; cat "$work/main"; } >"$sshd_config.part" && chmod 644 "$sshd_config.part" && mv -f "$sshd_config.part" "$sshd_config"
  fi
  sshd -t 2>"$work/log" && reload_sshd 2>>"$work/log" && return
  undo_sshd
  say failed_sshd "$(last "$work/log")"
}
undo_sshd() {
  if [ -e "$work/drop-in" ]; then cp -p "$work/drop-in" "$sshd_drop_in"; else rm -f "$sshd_drop_in"; fi
  [ ! -e "$work/main" ] || cp -p "$work/main" "$sshd_config"
  reload_sshd
}
repair_passwords() { # USER...
  for name; do usermod -p '*' "$name" 2>"$work/log" || say failed_passwords "$(last "$work/log")"; done
}
repair_keys() { # USER BASE64
  home=$(getent passwd "$1" | cut -d: -f6)
  cp -p "$home/.ssh/authorized_keys" "$work/keys" 2>/dev/null
  # shellcheck disable=SC2015 # it is for either of them
  install -d -m 0700 -o "$1" -g "$(id -g "$1")" "$home/.ssh" && put "$home/.ssh/authorized_keys" 600 "$2" &&
    chown "$1:$(id -g "$1")" "$home/.ssh/authorized_keys" || say failed_keys "$home/.ssh/authorized_keys"
}
repair_upgrades() { # 0|1
  if [ "$1" = 1 ] && ! dpkg-query -W -f '${Status}' unattended-upgrades 2>/dev/null | grep -q 'ok installed'; then
    # A fresh image has no lists yet. Without a way to a mirror this has to end soon.
    timeout 60 apt-get update -qq -o Acquire::Retries=0 -o Acquire::http::Timeout=10 -o Acquire::https::Timeout=10 >"$work/log" 2>&1
    DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -y -qq -o DPkg::Lock::Timeout=60 -o Acquire::Retries=0 -o Acquire::http::Timeout=15 unattended-upgrades >"$work/log" 2>&1 ||
      { say failed_upgrades "$(last "$work/log")"; return; }
  fi
  put "$upgrades_conf" 644 "$(printf 'APT::Periodic::Update-Package-Lists "%s";\nAPT::Periodic::Unattended-Upgrade "%s";\n' "$1" "$1" | base64 -w0)"
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
docker_runs() { [ -s "$docker_pid" ] && kill -0 "$(cat "$docker_pid")" 2>/dev/null; }
# It has noted who it is long before it listens to signals: until it answers, one is its end.
docker_listens() {
  n=0
  while docker_runs && ! timeout 5 docker version >/dev/null 2>&1; do
    n=$((n + 1))
    [ $n -lt 30 ] || return 1
    sleep 1
  done
}
log_settings() { # FILE
  tr -d ' \n' <"$1" 2>/dev/null | grep -o '"log-[a-z]*":[^}]*'
}
repair_docker_config() { # BASE64
  printf %s "$1" | base64 -d >"$work/daemon.json"
  if ! dockerd --validate --config-file "$work/daemon.json" >"$work/log" 2>&1 && ! grep -q 'unknown flag' "$work/log"; then
    say failed_docker_config "$(last "$work/log")"; return
  fi
  docker_listens || { say failed_docker_config 'Docker has started, but does not answer'; return; }
  # Its time tells whether Docker has read it. What a signal makes it read needs no restart.
  cp -p "$daemon_json" "$work/before" 2>/dev/null
  put "$daemon_json" 644 "$1"
  ! docker_listens || ! docker_runs || kill -HUP "$(cat "$docker_pid")"
  if [ "$(log_settings "$work/before")" = "$(log_settings "$daemon_json")" ]; then touch -r "$work/before" "$daemon_json"
  else repair_docker
  fi
}
repair_swap() { # MIB
  if grep -q "^$swap_file " /proc/swaps; then swapoff "$swap_file" 2>"$work/log" || { say failed_swap "$(last "$work/log")"; return; }; fi
  rm -f "$swap_file"
  sed -i "\\|^$swap_file |d" /etc/fstab
  [ "$1" -gt 0 ] || return 0
  (
    umask 077
    fallocate -l "$1M" "$swap_file" 2>/dev/null || dd if=/dev/zero "of=$swap_file" bs=1M count="$1" 2>/dev/null
    mkswap "$swap_file" && swapon "$swap_file"
  ) >"$work/log" 2>&1 || { rm -f "$swap_file"; say failed_swap "$(last "$work/log")"; return; }
  echo "$swap_file none swap sw 0 0" >>/etc/fstab
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
repair_units() { # FILE...
  place_units "$@" >"$work/log" 2>&1 || say failed_units "$(last "$work/log")"
}
repair_wanted_units() { # CALLS
  eval "$1" >"$work/log" 2>&1 || say failed_wanted_units "$(last "$work/log")"
}
repair_packages() { # NAME...
  install_packages "$@" 2>"$work/log" || say failed_packages "$(last "$work/log")"
}
