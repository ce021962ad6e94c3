# shellcheck shell=sh
# Ends a transaction whose runner was killed, or whose machine lost power.

# A word of $written, the line of the run in the history.
was_written() { printf '%s' "$written" | sed -n 's/.*"'"$1"'":"\([a-z0-9-]*\)".*/\1/p'; }

# Puts the link there that a run which was killed has not, see move in data.sh.
finish_move() {
  [ -s "$base/shared/moving" ] || return 0
  IFS='	' read -r moved_from moved_to <"$base/shared/moving"
  if [ -e "$moved_to" ] && [ ! -L "$moved_from" ]; then
    # Docker makes a folder where it finds nothing to mount.
    as_needed rmdir "$moved_from"
    [ -e "$moved_from" ] || as_needed ln -s "$moved_to" "$moved_from"
  fi
  rm -f "$base/shared/moving"
}

# include ../app-folder/reopen.sh
# Ends the transaction that is open: undone when nothing or not everything was changed, finished when it was verified.
recover() {
  finish_move
  [ -f "$transaction" ] || exit 0
  # An older runner wrote none.
  tx_half=
  # shellcheck disable=SC1090 # written by zebu
  . "$transaction" || exit 1
  secrets=
  id=$tx_id run=$tx_run mode=$tx_mode half=$tx_half previous=$tx_previous started=$tx_started
  # Its time goes on as it was counted, whatever the clock says by now.
  [ "$tx_boot" != "$boot" ] || booted=$((tx_started - tx_uptime))
  journal=$base/journals/$run.jsonl release=$base/releases/$id
  mend "$journal"
  step=$(sed -n 's/.*"step":"\([a-z-]*\)","state":"begin".*/\1/p' "$journal" | tail -n 1)
  interrupted=$step
  written=$(grep -F "\"run\":\"$run\"" "$base/releases.jsonl" 2>/dev/null | tail -n 1)
  if [ -n "$written" ]; then
    grep -q '"end":' "$journal" ||
      close_journal "$(was_written verdict)" 0 "$(was_written cause)" "$(printf '%s' "$written" | sed -n 's/.*"reason":"\(.*\)","gaps":.*/\1/p')"
    close_transaction
    exit 0
  fi
  # The history has nothing of a preparation: its journal alone tells that it had ended.
  if [ "$half" = prepare ] && grep -q '"end":' "$journal"; then
    close_transaction
    exit 0
  fi
  reopen_journal "$journal"
  why="the run in the VM was interrupted during $interrupted (killed, out of memory, or power lost)"
  [ "$mode" != probation ] || why="within its probation: $(cat "$base/probation.why" 2>/dev/null); $why"
  load "$release" || {
    # Somebody has removed it: there is nothing that could be put back by it, and nobody is to be held up.
    [ "$tx_phase" = prepare ] && verdict=refused || verdict=unhealthy
    close_journal "$verdict" 0 interrupted "$(escape "$why; its release is gone")"
    close_transaction
    exit 1
  }
  [ "$mode" != secrets ] || recover_secrets
  [ "$mode" != data ] || recover_restore
  case $tx_phase in
    prepare) finish refused interrupted "$why" ;;
    live) step=recover; remark_cause=resumed remark="finished after it was interrupted during $interrupted"; go_live ;;
  esac
  begin recover "$why"
  docker_back || finish unhealthy interrupted "$why; Docker does not answer"
  remove_release_container
  [ "$mode" != probation ] || restore probation "$why"
  # Of a first release, or one that went back to itself, there is nothing else to serve: it is carried on.
  if [ -z "$previous" ] || [ "$previous" = "$id" ]; then
    if steady bring_up "carrying on with $id"; then
      remark_cause=resumed remark="finished after it was interrupted during $interrupted"
      go_live
    fi
    restore interrupted "$why; $reason"
  fi
  restore interrupted "$why"
}

# Before a new run: what an earlier one left open.
heal() {
  finish_move
  [ -f "$transaction" ] || return 0
  begin heal 'an earlier run was interrupted'
  sh "$base/runner" recover "$base" - - worker
  # It tidies up after runs that were killed, this one's folder with them.
  [ -d "$work" ] || mkdir -m 700 "$work"
  [ ! -f "$transaction" ]
}
