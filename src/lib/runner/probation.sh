# shellcheck shell=sh
# After a release is live it may be on probation: the verdict goes on being asked, and when it fails the release before is put back as
# it would have been before the switch. Modes: "watch" asks, without the lock, and says in FOLDER/probation.why what failed;
# "probation" goes back, under the lock, as a run of its own.

# include ../app-folder/probation.sh
# include ../app-folder/lock-held.sh
# Of whatever goes live: it ends the probation of what was, and may be on one itself. What is put back was live before.
begin_probation() {
  [ "$mode" != secrets ] || return 0
  forget_probation
  if [ "$mode" != deploy ] || [ "$probation" = 0 ] || [ -z "$previous" ] || [ ! -f "$base/releases/$previous/plan" ]; then return 0; fi
  IFS=. read -r uptime _ </proc/uptime
  put "$base/probation" "pr_id=$id pr_run=$run pr_previous=$previous pr_left=$probation pr_boot=$boot pr_uptime=$uptime" &&
    sync "$base/probation" "$base" 2>/dev/null
}

# One look, waiting for what starts. A page that is shown instead of the app is no answer of it.
fails_now() {
  find_engine
  judged_under=$engine_is
  if verify && { [ -e "$base/shared/proxy/state/maintenance.html" ] || check_probes; }; then return 1; fi
  # A Docker that is away, or has come back since, says nothing about the release.
  [ "$cause" != docker-silent ] && is_engine "$judged_under"
}

goes_on() { [ "$pr_left" -gt 0 ] && live_release && [ "$live_now" = "$pr_id" ]; }

# Until the time is over or another release is live. Fails twice in a row are one too many: a single look may be unlucky.
watch_probation() {
  rm -f "$base/probation.why" "$work/began"
  misses=0
  while read_probation; do
    goes_on || break
    load "$base/releases/$pr_id" || break
    [ -e "$work/began" ] || note_began
    note_probation
    if at_work; then
      misses=0
      sleep 5
      continue
    fi
    # What has no health check is looked at again anyhow.
    stability=0
    patience=5
    [ $misses != 0 ] || patience=$((timeout < pr_left ? timeout : pr_left))
    if fails_now && ! at_work; then
      misses=$((misses + 1))
      [ $misses -lt 2 ] || { put "$base/probation.why" "$(printf '%s' "$reason" | tr '\n' ' ' | masked)"; exit 0; }
    else misses=0
    fi
    sleep 10
  done
  # Another run may have begun one meanwhile.
  if ! read_probation || ! goes_on; then forget_probation; fi
  exit 0
}

# Under the lock, with the release on probation loaded, and found live. Not where it is well by now.
undo_probation() {
  step=probation
  if ! read_probation || [ "$previous" != "$id" ] || [ "$pr_id" != "$id" ]; then close_journal live 0 resumed 'it is not on probation any more'; exit 0; fi
  [ -f "$base/releases/$pr_previous/plan" ] || finish unhealthy probation "within its probation: $(cat "$base/probation.why" 2>/dev/null); the release before is gone"
  why=$(cat "$base/probation.why" 2>/dev/null)
  began_stability=$stability stability=0 patience=5
  begin probation "$why"
  fails_now || { close_journal live 0 resumed 'it is well again'; rm -f "$base/probation.why"; exit 0; }
  stability=$began_stability
  previous=$pr_previous
  # Looked at again from the start: by then there may be room.
  begin_switch 20 || { close_journal refused 0 no-space 'no space left in the VM'; rm -f "$base/probation.why"; exit 0; }
  restore probation "within its probation: $reason"
}
