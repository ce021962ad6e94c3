# shellcheck shell=sh
# Prints what is known of the app's units, without root: `init=systemd` or `init=other`, then of each that is on record `unit=NAME`,
# `states=FILE,STATE ...` and what systemd says of its service and of what starts it.

# include ./root.sh
# shellcheck disable=SC2015 # echo does not fail
systemd_runs && echo init=systemd || echo init=other
for service in $(units_of "$units_record" service); do
  name=${service%@*}
  name=${name#zebu-}
  printf 'unit=%s\n' "$name"
  states=
  for file in "$service" "${service%.service}.timer" "${service%.service}.path"; do
    [ ! -f "$units_record/$file" ] || states="$states$file,$(unit_state "$file") "
  done
  printf 'states=%s\n' "$states"
  systemd_runs || continue
  # In UTC, and without what not every date reads: the day of the week and the zone.
  TZ=UTC systemctl show "$service" -p ActiveState -p Result -p ExecMainStatus -p ExecMainStartTimestamp -p ExecMainExitTimestamp -p CPUUsageNSec 2>/dev/null |
    while IFS='=' read -r key value; do
      case $key in
        *Timestamp)
          value=${value#* }
          [ -z "$value" ] || printf '%s=%s\n' "$key" "$(date -u -d "${value% *}" +%s)"
          ;;
        *) printf '%s=%s\n' "$key" "$value" ;;
      esac
    done
  printf 'next=%s\n' "$(systemctl list-timers --all --output=json "${service%.service}.timer" 2>/dev/null | tr -d '\n')"
done
exit 0
