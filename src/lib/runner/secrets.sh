# shellcheck shell=sh
# Another version of the secrets for the release that is live, as a transaction: the old values or the new ones, never a
# mixture, whatever is killed in between.
#
# shared/secrets/apply sets: version (file; under the name FILE.new until it is begun), affected (services), commands (how
# many), name_N service_N command_N, rotated (names), begun (commands that were).

# include ../app-folder/stopped.sh
# What changes beside the secrets themselves is none of this: of the services only those that use them.
replace_affected() {
  forget_hashes
  write_env_file
  write_digests || { unreadable; return 1; }
  front_prepare || return 1
  if [ -n "$affected" ]; then
    # What app:stop stopped of them is started again.
    # shellcheck disable=SC2086 # names, each free of blanks
    forget_stopped $affected
    find_rolling || { unreadable; return 1; }
    # shellcheck disable=SC2086 # names, each free of blanks
    if [ -s "$work/roll" ]; then
      awk -F'|' -v names=" $affected " 'index(names, " " $1 " ")' "$work/strategies" >"$work/own" && mv "$work/own" "$work/strategies"
      roll_out || return 1
    else logged compose up -d --no-build --no-deps $affected || return 1
    fi
  fi
  front_sync
  front_reload
}

# What was unhealthy because the data had other values takes its time to find out that it has not.
settle() {
  clock
  settled=$((clock + timeout))
  until verify; do
    clock
    [ "$clock" -lt "$settled" ] || return 1
    sleep 2
  done
}

# Recreates what uses the changed secrets, and judges everything.
recreate() {
  begin start-up "$1"
  limit=$(( timeout + 600 ))
  cause='' reason='' bad='' only='' patience=$timeout
  rm -f "$work/config"
  await_listing
  watch_gap
  if replace_affected; then
    begin verify ''
    { verify || { [ -n "$lenient" ] && settle; }; } && check_probes
    well=$?
  else
    well=1
    [ -n "$reason" ] || blame_up
  fi
  measure_gap
  say_gap
  return $well
}

# The release refers to another version from here on, by rename.
refer_to() {
  { grep -v '^secrets=' "$release/plan"; printf 'secrets=%s\n' "$1"; } >"$work/plan" && cp "$work/plan" "$release/plan.new" && mv "$release/plan.new" "$release/plan" && sync "$release/plan"
}

# What is rotated is the same for every release from here on: neither does the data in a volume go back, nor does a key work
# again that was withdrawn. bind_secrets VERSION.env NAME...: with the values of that version, which are the newest, also for
# what was bound before.
bind_secrets() {
  bound=$base/shared/secrets/bound.env values=$base/shared/secrets/$1
  shift
  [ $# -gt 0 ] || [ -s "$bound" ] || return 0
  ( umask 077
    touch "$bound"
    { [ $# = 0 ] || printf '%s\n' "$@"; sed 's/=.*//' "$bound"; } >"$work/names"
    awk -F= 'FILENAME == ARGV[1] { name[$1] = 1; next } $1 in name' "$work/names" "$values" >"$bound.new" && mv "$bound.new" "$bound" )
}

# keep_secrets CAUSE WORDS: they are verified. From here on only forward, also after a crash.
keep_secrets() {
  phase live
  begin commit ''
  note_containers
  # shellcheck disable=SC2015,SC2086 # it is for either of them; names, each free of blanks
  bind_secrets "$version" $rotated && refer_to "$version" || finish unhealthy secrets-unbound 'the release cannot be told its new secrets'
  finish live "$1" "$2"
}

# The values before, in the data and in the services; ends with $failed_cause and $failed.
undo_secrets() {
  failed_step=$step
  phase restore
  [ -z "$bad" ] || last_words
  note failed "$failed"
  secrets=
  load "$release"
  # Only what runs can be told; what does not run with the new values is brought up with those before.
  if ! can_follow_back; then
    lenient=1 patience=60
    begin start-up 'going back to the value before'
    limit=$(( timeout + 600 ))
    replace_affected
    verify
  fi
  undone=restored
  follow_back || { undone=unhealthy; failed="$failed; $stuck"; }
  set_aside
  if ! steady recreate 'going back to the value before'; then
    last_words
    undone=unhealthy failed="$failed; going back to the value before failed too: $reason"
  fi
  step=$failed_step
  [ $undone = unhealthy ] || note_containers
  finish $undone "$failed_cause" "$failed"
}

# Kept as N.undone: when a command could not be taken back, the data may want the new value after all.
set_aside() {
  [ ! -e "$store/$number.env" ] || mv "$store/$number.env" "$store/$number.undone"
  [ ! -e "$store/$number.json" ] || mv "$store/$number.json" "$store/$number.json.undone"
  rm -f "$store/$number.env.new" "$store/$number.json.new"
}

# What the change is, and how far. What the data was made with is not in the release's own version but bound.
read_apply() {
  store=$base/shared/secrets begun=0 lenient='' stuck='' rotated=''
  [ -f "$store/apply" ] || return 1
  # shellcheck disable=SC1091 # written by zebu
  . "$store/apply" || return 1
  number=$(echo "$version" | sed 's/[.]env$//')
  old_values=$work/old-values new_values=$store/$version
  [ -e "$new_values" ] || new_values=$store/$number.undone
  ( umask 077; values_in_force >"$old_values" )
}

apply_secrets() {
  step=rotate
  # What an earlier run left open may have been ended meanwhile, with another release.
  id=$previous release=$base/releases/$id secrets=
  # shellcheck disable=SC2015 # it is for either of them
  load "$release" && read_apply || finish refused not-stored 'what is to change was not stored'
  # By which its programs are known when it is killed and they are not.
  export ZEBU_SECRETS_RUN="$run"
  sync "$store/apply" "$store/$version.new" "$store" 2>/dev/null
  if ! begin_switch 60; then
    rm -f "$store/$number.env.new" "$store/$number.json.new"
    finish refused "$cause" "$reason"
  fi
  if mv "$store/$number.json.new" "$store/$number.json" && mv "$store/$number.env.new" "$store/$number.env"; then
    new_values=$store/$version
    if follow_all; then
      secrets=$version
      # For as long as it is not decided, the new value counts over what was bound before.
      environment="$environment --env-file $store/$version"
      steady recreate '' && keep_secrets '' ''
    fi
  else cause=no-space reason='no space left in the VM'
  fi
  failed_cause=$cause failed=$reason
  undo_secrets
}

# What a run that was killed has started goes on without it; nothing is done beside it.
await_leftovers() {
  clock
  until=$((clock + timeout + 60))
  while grep -qs "ZEBU_SECRETS_RUN=$run" /proc/[0-9]*/environ && clock && [ "$clock" -lt "$until" ]; do sleep 0.5; done
}

# Ends a change that was interrupted, with the release it is about loaded.
recover_secrets() {
  read_apply || finish refused interrupted "$why"
  if [ "$tx_phase" = live ]; then
    step=recover
    keep_secrets resumed "finished after it was interrupted during $interrupted"
  fi
  begin recover "$why"
  docker_back || finish unhealthy interrupted "$why; Docker does not answer"
  await_leftovers
  lenient=1
  failed_cause=interrupted failed=$why
  undo_secrets
}
