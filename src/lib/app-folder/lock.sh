# shellcheck shell=sh
# The lock of an app, for scripts that are in its folder: descriptor 9, which the kernel frees with the process. `holder` is the
# note of who has it.

# include ./statuses.sh
# include ./pause-for-lock.sh
locked() { cat holder 2>/dev/null || :; exit "$LOCKED"; }

# take_lock SECONDS: waits so long for it. With 0, whoever only asks whether it is held has it shared, for a moment, and is no
# reason to refuse; who has just got it is waited for until there is a note, and who has ended until the disk has it: 40 s at most.
take_lock() {
  exec 9>>lock
  if [ "$1" -gt 0 ]; then
    flock -w "$1" 9 || locked
    return
  fi
  lock_tries=0
  until flock -n 9; do
    lock_tries=$((lock_tries + 1))
    if { flock -ns 8 8>>lock || [ ! -s holder ]; } && [ $lock_tries -lt 99 ]; then pause_for_lock $lock_tries; else locked; fi
  done
}

# sign_lock NOTE: for a script that has it as long as it runs. A run removes its note itself, when it has ended.
sign_lock() {
  trap 'rm -f holder' EXIT
  printf '%s' "$1" >holder
}

# sign_run NOTE: makes room, too, for what standard input brings.
sign_run() {
  printf '%s' "$1" >holder
  make_room
}

# With the folder of a release's files, which also containers look into; the rest of it is their owner's, as the umask says.
make_room() {
  if [ -e .incoming ] || [ -L .incoming ]; then rm -rf .incoming; fi
  # shellcheck disable=SC2174 # as is meant: the folder above is their owner's
  mkdir -p -m 755 .incoming/tree
}
