# shellcheck shell=sh
# Functions about the units of one app, for root: $units_app is its name, $units_record the folder in the VM that has, of each unit, its files
# as they were written, its program, and in NAME.sum what that is; $units_etc and $units_run are where systemd reads. What systemd is
# told is told to one that runs; where none does, files and links are all there is, as after `systemctl enable` on a machine that is off.

systemd_runs() { [ -d "$units_run" ]; }

# units_of FOLDER KIND...: names of files of the app's units there.
units_of() {
  units_in=$1
  shift
  for units_kind; do
    for unit_file in "$units_in"/zebu-*@"$units_app.$units_kind"; do
      [ ! -f "$unit_file" ] && [ ! -L "$unit_file" ] || echo "${unit_file##*/}"
    done
  done
}

# Where `systemctl enable` puts the link.
unit_link() { echo "$units_etc/${1##*.}s.target.wants/$1"; }

# unit_state FILE: ok, or what is wrong with it: missing, masked, edited, disabled, stopped.
unit_state() {
  unit_name=${1%@*}
  unit_name=${unit_name#zebu-}
  if [ "$(readlink "$units_etc/$1")" = /dev/null ] || [ "$(readlink "$units_run/$1")" = /dev/null ]; then echo masked
  elif [ ! -f "$units_etc/$1" ]; then echo missing
  elif ! cmp -s "$units_etc/$1" "$units_record/$1"; then echo edited
  else
    case $1 in
      *.service)
        unit_sum=$(sha256sum <"$units_record/$unit_name")
        if [ "${unit_sum%% *}" = "$(cat "$units_record/$unit_name.sum")" ]; then echo ok; else echo edited; fi
        ;;
      *)
        if [ ! -L "$(unit_link "$1")" ]; then echo disabled
        elif systemd_runs && ! systemctl is-active --quiet "$1"; then echo stopped
        else echo ok
        fi
        ;;
    esac
  fi 2>/dev/null
}

# Every unit on record: FILE,STATE ...
unit_states() {
  for unit in $(units_of "$units_record" service timer path); do printf '%s,%s ' "$unit" "$(unit_state "$unit")"; done
}

# include ./digests.sh

# Puts the files that are on record, or only those named, where systemd reads them, and has what starts a unit started.
place_units() {
  # shellcheck disable=SC2046 # names of our own, free of blanks
  [ $# -gt 0 ] || set -- $(units_of "$units_record" service timer path)
  for unit; do
    [ "$(readlink "$units_etc/$unit")" != /dev/null ] || rm -f "$units_etc/$unit"
    rm -f "$units_run/$unit"
    cmp -s "$units_record/$unit" "$units_etc/$unit" ||
      { install -m 0644 "$units_record/$unit" "$units_etc/$unit.part" && mv -f "$units_etc/$unit.part" "$units_etc/$unit"; } || return 1
    case $unit in *.service) continue ;; esac
    unit_link=$(unit_link "$unit")
    mkdir -p "${unit_link%/*}" && ln -sfn "$units_etc/$unit" "$unit_link" || return 1
  done
  systemd_runs || return 0
  systemctl daemon-reload || return 1
  for unit; do
    case $unit in *.service) ;; *) systemctl restart "$unit" || return 1 ;; esac
  done
}

# remove_units [NAME...]: all of the app, or those of these names. Nothing starts them any more; what is under way goes on to its end.
remove_units() {
  units_gone='' units_stopped=''
  for unit in $(units_of "$units_etc" path timer service); do
    unit_name=${unit%@*}
    if [ $# -gt 0 ]; then
      case " $* " in *" ${unit_name#zebu-} "*) ;; *) continue ;; esac
    fi
    units_gone="$units_gone $unit"
    case $unit in *.service) ;; *) units_stopped="$units_stopped $unit" ;; esac
  done
  # shellcheck disable=SC2086 # names of our own, free of blanks
  if [ -n "$units_stopped" ] && systemd_runs; then systemctl stop $units_stopped; fi
  for unit in $units_gone; do
    rm -f "$(unit_link "$unit")" "$units_etc/$unit" || return 1
  done
  # shellcheck disable=SC2046 # names of our own, free of blanks
  [ $# -gt 0 ] || set -- $(units_of "$units_record" service | sed 's/^zebu-\(.*\)@.*/\1/')
  for unit_name; do
    rm -f "$units_record/$unit_name" "$units_record/$unit_name.sum" "$units_record/zebu-$unit_name@$units_app".*
  done
  rmdir "$units_record" 2>/dev/null
  if [ -n "$units_gone" ] && systemd_runs; then systemctl daemon-reload; fi
  return 0
}
