# shellcheck shell=sh
# Copies of dumps off the VM, with restic: one snapshot a dump, with its tags. What restic is told that is secret it finds in its
# environment, from the newest version of the secrets. Needs `assign` of app-folder/secrets/assign.sh.

# include ../app-folder/secrets/newest.sh

# restic_with SECONDS ARGUMENTS...
restic_with() (
  offsite_seconds=$1
  shift
  values=$base/shared/secrets/$(newest_secrets "$base/shared/secrets").env
  for pair in "RESTIC_REPOSITORY $data_offsite_repository" "RESTIC_PASSWORD $data_offsite_password"; do
    eval "$(assign "${pair% *}" "${pair#* }" "$values" 2>/dev/null)"
    eval "[ -n \"\${${pair% *}:-}\" ]" || { echo "there is no ${pair#* } in the VM: zebu secrets:sync" >&2; exit 90; }
  done
  # Of a file that names another one.
  [ -z "${RESTIC_PASSWORD_FILE:-}" ] || unset RESTIC_PASSWORD
  export RESTIC_REPOSITORY RESTIC_PROGRESS_FPS=0
  [ -z "${RESTIC_PASSWORD:-}" ] || export RESTIC_PASSWORD
  for each_name in $data_offsite_environment; do
    eval "$(assign "$each_name" "$each_name" "$values" 2>/dev/null)"
    # shellcheck disable=SC2163 # the variable of that name
    export "$each_name"
  done
  command -v restic >/dev/null 2>&1 || { echo 'there is no restic in the VM: zebu vm:apply installs it' >&2; exit 91; }
  exec timeout -k 10 "$offsite_seconds" restic --no-cache "$@"
)

# What restic means by its status, and before 0.17, which has one for everything, by its words. offsite_trouble STATUS: sets $cause and $reason
# of what is in $work/restic-error.
offsite_trouble() {
  offsite_said=$(grep -v '^ *$' "$work/restic-error" | tail -n 1 | cut -c1-300 | mask)
  case $1/$(cat "$work/restic-error") in
    90/*|91/*) cause=offsite-failed reason=$offsite_said ;;
    12/*|*'wrong password'*|*'no key found'*) cause=offsite-denied reason='the password is not that of the off-site repository' ;;
    # It goes on trying for a quarter of an hour, or until its time is over.
    *'o space left on device'*|*'Insufficient Storage'*|*'StorageFull'*|*'uota exceeded'*|*'QuotaExceeded'*) cause=no-space reason='the off-site repository is full' ;;
    # Before what restic asks then: whether there is a repository at all.
    124/*|137/*|*'connection refused'*|*'no such host'*|*'i/o timeout'*|*'no route to host'*|*'unreachable'*|*'context canceled'*)
      cause=offsite-away reason='the off-site repository does not answer'
      ;;
    10/*|*'Is there a repository'*) cause=offsite-missing reason='there is no repository at the off-site location' ;;
    11/*|*'already locked'*) cause=offsite-failed reason='somebody else is at work in the off-site repository' ;;
    *) cause=offsite-failed reason="restic: ${offsite_said:-exit status $1}" ;;
  esac
}

# restic_or_blame SECONDS ARGUMENTS...: fails with $cause and $reason.
restic_or_blame() {
  restic_with "$@" 2>"$work/restic-error" </dev/null && return 0
  offsite_trouble $?
  return 1
}

# By which a VM knows what it has copied itself: one that is made anew is another, and one that goes back to a backup is the same.
dump_origin() {
  [ -s "$base/data/origin" ] || { cat /proc/sys/kernel/random/uuid >"$base/data/origin.new" && mv "$base/data/origin.new" "$base/data/origin"; } || return 1
  cat "$base/data/origin"
}

# The place that is meant, as a sum: it may have a password in it.
offsite_place() {
  values=$base/shared/secrets/$(newest_secrets "$base/shared/secrets").env
  eval "$(assign offsite_at "$data_offsite_repository" "$values" 2>/dev/null)"
  offsite_sum=$(printf '%s' "${offsite_at:-}" | sha256sum)
  unset offsite_at
  printf '%s\n' "${offsite_sum%% *}"
}

# A repository is made once in a place. One that was there and is not any more may be a mount that is missing, in whose stead nothing is
# made. data/offsite-made has the place, and the id that the repository gave itself: of another one nothing is known to be in it.
offsite_ready() {
  offsite_now=$(offsite_place)
  offsite_was='' offsite_known=''
  [ ! -s "$base/data/offsite-made" ] || read -r offsite_was offsite_known <"$base/data/offsite-made"
  if ! restic_or_blame 90 cat config >"$work/restic-config"; then
    [ "$cause" = offsite-missing ] || return 1
    if [ -e "$base/data/offsite-made" ] && [ "${offsite_was:-$offsite_now}" = "$offsite_now" ]; then
      cause=offsite-missing reason='the off-site repository is gone: is something not mounted?'
      return 1
    fi
    # What was copied elsewhere is not in it.
    restic_or_blame 120 init >/dev/null && : >"$base/data/offsite-done" && restic_or_blame 90 cat config >"$work/restic-config" || return 1
  fi
  offsite_id=$(sed -n 's/.*"id": *"\([0-9a-f]*\)".*/\1/p' "$work/restic-config" | head -n 1)
  [ "$offsite_known" = "$offsite_id" ] || [ -z "$offsite_known" ] || : >"$base/data/offsite-done"
  printf '%s %s\n' "$offsite_now" "$offsite_id" >"$base/data/offsite-made"
}

# Those of the dumps that are there, oldest first, that were not copied yet.
not_copied() { dumps_in_order | awk 'FILENAME == ARGV[1] { copied[$0]; next } !($0 in copied)' "$base/data/offsite-done" -; }

# The dumps that are there and were not copied yet, oldest first, then what is too old there. Fails with $cause and $reason, and goes on
# with the next dump another time.
copy_offsite() {
  cause='' reason=''
  touch "$base/data/offsite-done"
  not_copied >"$work/to-copy"
  [ -s "$work/to-copy" ] || return 0
  offsite_ready || return 1
  # Of another repository more is lacking.
  not_copied >"$work/to-copy"
  origin=$(dump_origin) || { cause=no-space reason='no space left in the VM'; return 1; }
  while read -r each; do
    dump_says "$each, off the VM"
    # From where its path is the dump's name alone.
    at=$PWD
    cd "$base/data/dumps" || return 1
    restic_or_blame "$data_timeout" backup -q --host "$project" --tag "zebu,app=$project,dump=$each,origin=$origin" "$each" >/dev/null
    copied=$?
    cd "$at" || return 1
    [ $copied = 0 ] || return 1
    echo "$each" >>"$base/data/offsite-done"
  done <"$work/to-copy"
  # shellcheck disable=SC2086 # options, each free of blanks
  restic_or_blame "$data_timeout" forget -q --tag "zebu,app=$project" --group-by '' $data_offsite_keep --prune >/dev/null || return 1
  dumps_in_order | awk 'FILENAME == ARGV[1] { there[$0]; next } $0 in there' - "$base/data/offsite-done" >"$base/data/offsite-done.new"
  mv "$base/data/offsite-done.new" "$base/data/offsite-done"
}

# list_offsite: restic's own JSON.
list_offsite() { restic_or_blame 90 snapshots --json --tag "zebu,app=$project"; }

# What a dump takes is asked before it is fetched. Fails with $cause and $reason.
offsite_fits() {
  restic_or_blame 90 stats --json --mode restore-size --tag "zebu,app=$project,dump=$1" latest >"$work/restic-stats" || return 1
  offsite_size=$(sed -n 's/.*"total_size":\([0-9]*\).*/\1/p' "$work/restic-stats")
  [ "$(room)" -lt "${offsite_size:-0}" ] || return 0
  cause=no-space reason="no space left in the VM for the dump: it takes $((offsite_size / 1048576)) MiB, and deploy.min_free_mb ($min_free MiB) is to stay free"
  return 1
}

# download_offsite ID FOLDER: to a folder of that name in it; each who fetches has one of its own. Fails with $cause and $reason, and
# leaves nothing.
download_offsite() {
  cause='' reason=''
  rm -rf "$2"
  mkdir -p "$2" || { cause=no-space reason='no space left in the VM'; return 1; }
  offsite_fits "$1" && restic_or_blame "$data_timeout" restore latest -q --tag "zebu,app=$project,dump=$1" --target "$2" >/dev/null && [ -s "$2/$1/manifest" ] && return 0
  [ -n "$cause" ] || { cause=dump-missing reason="there is no dump $1 off the VM"; }
  ! says_disk_full "$(cat "$work/restic-error")" || { cause=no-space reason='no space left in the VM for the dump'; }
  rm -rf "$2"
  return 1
}

# fetch_offsite ID: to the dumps that are there. Fails with $cause and $reason.
fetch_offsite() {
  download_offsite "$1" "$base/data/fetching" || return 1
  # Older than all that was made here.
  mkdir -p "$base/data/dumps" && { echo "$1"; cat "$base/data/order" 2>/dev/null || :; } >"$base/data/order.new" &&
    mv "$base/data/order.new" "$base/data/order" && mv -T "$base/data/fetching/$1" "$base/data/dumps/$1" && echo "$1" >>"$base/data/offsite-done" && echo "$1" >>"$base/data/fetched"
  fetched=$?
  rm -rf "$base/data/fetching"
  [ $fetched = 0 ] || { cause=no-space reason='no space left in the VM'; }
  return $fetched
}

# lend_offsite ID: to data/lent/ID, for a copy of this machine that has no network to fetch it through. It is no dump of this one.
lend_offsite() {
  rm -rf "$base/data/lent" "$base/data/unwanted"
  download_offsite "$1" "$base/data/lending" || return 1
  # Whoever asked for it has gone meanwhile.
  if [ -e "$base/data/unwanted" ]; then
    rm -rf "$base/data/lending" "$base/data/unwanted"
    cause=interrupted reason='it was interrupted'
    return 1
  fi
  mv -T "$base/data/lending" "$base/data/lent" && sync "$base/data/lent/$1"/* "$base/data/lent/$1" 2>/dev/null
  [ -d "$base/data/lent/$1" ] || { cause=no-space reason='no space left in the VM'; return 1; }
}
