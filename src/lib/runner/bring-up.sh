# shellcheck shell=sh
# Starting a release that has its images, judging it, and going back when it is not as it should be.

# The digests are read anew for each start. A start that failed at once may have left a reading behind, which would put those
# of another release in their place.
forget_hashes() {
  [ -z "$hashing" ] || wait "$hashing"
  hashing=
  drop "$work/hashes" "$work/expected"
  as_is='' as_compared='' renewed=''
}

# Fails with $cause and $reason set where it is known better than from the last line that was printed.
start_release() {
  forget_hashes
  write_env_file
  write_digests || { unreadable; return 1; }
  tend_folders || return 1
  renew_networks || return 1
  front_prepare || return 1
  if runs_already; then
    : >"$work/roll"
    drop "$work/one-by-one"
    note "done" 'all of it runs already as this release says'
  else
    watch_gap
    # A newer Compose may say other hashes of the same.
    drop "$work/hashes" "$work/expected"
    find_rolling || { unreadable; return 1; }
    # Beside it, for in_force, unless what is there will tell.
    [ -s "$work/hashes" ] || [ -n "$renewed" ] || { read_hashes 9>&- & hashing=$!; }
    if [ -s "$work/roll" ] || [ -s "$work/one-by-one" ]; then roll_out || return 1
    else logged compose up -d --no-build --remove-orphans || return 1
    fi
  fi
  front_sync
  front_reload
}

# Sets $cause, $reason and $bad after a failed "up": which container made it fail is told by looking at them once, else what
# Compose said last.
blame_up() {
  up_said=$(last_line start-up)
  patience=0
  verify && cause='' reason=''
  # 255 is also what Docker says of a container that it has lost sight of.
  case $cause in ''|not-ready|exited-255|no-container) cause=up-failed reason="docker compose up failed: $up_said" ;; esac
}

# Starts what is loaded and judges it. Fails with $cause, $reason and $bad set.
bring_up() {
  begin start-up "$1"
  limit=$(( timeout + 600 ))
  cause='' reason='' bad='' only='' patience=$timeout
  await_listing
  # What app:stop stopped is started with the rest.
  drop "$base/stopped"
  mends=0
  until start_release; do
    if [ $mends -lt 3 ] && [ -z "$reason" ] && mend_start; then mends=$((mends + 1)); continue; fi
    measure_gap
    [ -z "$reason" ] || return 1
    blame_up
    return 1
  done
  begin verify ''
  # What a power cut must not take from a release that was called live: images, files, volumes. Nothing could end it while the kernel writes.
  sync -f "$base" 2>/dev/null 9>&- &
  syncing=$!
  judge || return 1
  wait $syncing
  return 0
}

# Says whether what was started is as it should be. Fails with $cause, $reason and $bad set.
judge() {
  find_engine
  judged_under=$engine_is
  patience=$timeout
  verify
  judged=$?
  measure_gap judged
  say_gap
  [ -z "$hashing" ] || wait "$hashing"
  [ $judged = 0 ] && name_back && in_force && note_told && note_whole && check_probes
}

# Compose gives a container that takes the place of another one its name last of all. Cut off before that, it is left with the
# id of the other in front of it, for good.
name_back() {
  renamed='' four='[0-9a-f][0-9a-f][0-9a-f][0-9a-f]'
  while IFS='|' read -r _ _ _ _ _ _ _ _ named identity _; do
    # shellcheck disable=SC2254 # a pattern
    case $named in /$four$four${four}_?*) timeout 60 docker rename "$identity" "${named#/????????????_}" 2>/dev/null && renamed=1 ;; esac
  done <"$work/now"
  [ -z "$renamed" ] || { inspect again >"$work/now.new" && mv "$work/now.new" "$work/now"; } || { cause=docker-silent reason='Docker does not answer'; return 1; }
  return 0
}

# Makes the loaded release the live one, and ends.
go_live() {
  phase live
  front_bind || note output 'the certificate could not be noted: a rollback may have an older one'
  make_current || finish unhealthy link-failed "cannot switch $base/current"
  [ -z "$secrets" ] || ! is_newest "$secrets" || bind_secrets "$secrets" || note output 'the secrets that were rotated could not be noted: a release from before may have older values'
  begin commit ''
  [ "$mode" != rollback ] || say_left "$base/releases/$previous"
  : >"$release/verified"
  run_hook post-deploy live || note output "$hook failed with exit status $(cat "$work/status"); the release is live all the same"
  # It may have started some.
  [ ! -f "$tree/.zebu/hooks/post-deploy" ] || { wait "$noting"; noting=; drop "$work/pointed"; }
  prune
  begin_probation
  finish live "$remark_cause" "$remark"
}

# Puts back what was live before, and ends: restore CAUSE WORDS
restore() {
  failed_cause=$1 failed=$2 failed_step=$step
  spare
  own=$record own_tree=$tree
  last_words
  note failed "$failed"
  if [ -z "$previous" ] || [ ! -f "$base/releases/$previous/plan" ]; then
    run_hook post-failure unhealthy
    finish unhealthy "$failed_cause" "$failed; there is no earlier release to go back to"
  fi
  if [ "$previous" = "$id" ]; then
    run_hook post-failure unhealthy
    finish unhealthy "$failed_cause" "$failed"
  fi
  phase restore
  strict=
  # It was live already: from here on it is one that failed.
  if [ "$mode" = probation ]; then
    rm -f "$release/verified"
    link_current "$previous"
  fi
  load "$base/releases/$previous"
  steady bring_up "going back to $previous" && outcome=restored || outcome=unhealthy
  say_left "$base/releases/$id"
  [ "$outcome" = restored ] || { last_words; failed="$failed; going back to $previous failed too: $reason"; }
  record=$own tree=$own_tree
  run_hook post-failure "$outcome"
  step=$failed_step
  finish "$outcome" "$failed_cause" "$failed"
}
