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
  export RESTIC_REPOSITORY RESTIC_PASSWORD RESTIC_PROGRESS_FPS=0
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
    # Before what restic asks then: whether there is a repository at all.
    124/*|137/*|*'connection refused'*|*'no such host'*|*'i/o timeout'*|*'no route to host'*|*'unreachable'*|*'context canceled'*)
      cause=offsite-away reason='the off-site repository does not answer'
      ;;
    */*'o space left on device'*|*'Insufficient Storage'*|*'507 '*|*'quota'*) cause=no-space reason='the off-site repository is full' ;;
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

# A repository is made once. One that was there and is not any more may be a mount that is missing, in whose place nothing is made.
offsite_ready() {
  restic_or_blame 90 cat config >"$work/restic-config" && { : >"$base/data/offsite-made"; return 0; }
  [ "$cause" = offsite-missing ] || return 1
  if [ -e "$base/data/offsite-made" ]; then
    reason='the off-site repository is gone: is something not mounted?'
    return 1
  fi
  restic_or_blame 120 init >/dev/null && : >"$base/data/offsite-made"
}

# The dumps that are there and were not copied yet, oldest first, then what is too old there. Fails with $cause and $reason, and goes on
# with the next dump another time.
copy_offsite() {
  cause='' reason=''
  touch "$base/data/offsite-done"
  dumps_in_order | grep -vxFf "$base/data/offsite-done" >"$work/to-copy"
  [ -s "$work/to-copy" ] || return 0
  offsite_ready || return 1
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
  dumps_in_order | grep -xFf - "$base/data/offsite-done" >"$base/data/offsite-done.new"
  mv "$base/data/offsite-done.new" "$base/data/offsite-done"
}

# list_offsite: restic's own JSON.
list_offsite() { restic_or_blame 90 snapshots --json --tag "zebu,app=$project"; }

# fetch_offsite ID: to the dumps that are there. Fails with $cause and $reason.
fetch_offsite() {
  rm -rf "$base/data/fetching"
  mkdir -p "$base/data/fetching" "$base/data/dumps" || { cause=no-space reason='no space left in the VM'; return 1; }
  if restic_or_blame "$data_timeout" restore latest -q --tag "zebu,app=$project,dump=$1" --target "$base/data/fetching" >/dev/null && [ -s "$base/data/fetching/$1/manifest" ]; then
    # Older than all that was made here.
    { echo "$1"; cat "$base/data/order" 2>/dev/null; } >"$base/data/order.new"
    mv "$base/data/order.new" "$base/data/order" && mv -T "$base/data/fetching/$1" "$base/data/dumps/$1" && echo "$1" >>"$base/data/offsite-done" && echo "$1" >>"$base/data/fetched"
  else
    [ -n "$cause" ] || { cause=dump-missing reason="there is no dump $1 off the VM"; }
    ! says_disk_full "$(cat "$work/restic-error")" || { cause=no-space reason='no space left in the VM for the dump'; }
  fi
  rm -rf "$base/data/fetching"
  [ -d "$base/data/dumps/$1" ]
}
