# shellcheck shell=sh
# The main program: the steps of a run, in order.

# Where the data of a volume lies is decided before it is compared with what Docker has.
judge_paths() { map_mounts && check_standing; }

no_space() { cause=no-space reason='no space left in the VM'; return 1; }

# After everything that may write what is given to containers, and before anything is started.
place() {
  if [ -n "$pathless" ]; then recall_paths; return; fi
  judge_paths && { { place_files && note_gives; } || no_space; } && note_facts
}

# Fails, with $cause and $reason set, for Compose files that cannot be read, and for what they may not say.
check_config() {
  step=check
  if recall_reading; then
    # It is not called otherwise.
    { ! only_file || beside_only; } >"$work/said"
  else
    read_config || { blame compose-invalid '' "$(compose_said)"; return 1; }
    if recall_facts; then :
    else
      check_given || return 1
      find_builders
      note_intents || no_space || return 1
    fi
    { unread; given_openly "$base/shared/secrets/$secrets"; } >"$work/said"
    find_build_args || return 1
  fi
  [ ! -s "$work/said" ] || { unread=1; logged cat "$work/said"; }
  # It may write what is mounted.
  [ -f "$tree/.zebu/hooks/pre-deploy" ] || place
}

# What a build needs no less time for than without it: everything that is told from the Compose files. It runs beside the check, with
# limits and an end of its own.
build_beside() {
  limit=$build_timeout status_file=$work/status-build
  steady build_images
}

[ "$mode" = recover ] && recover
[ "$mode" = watch ] && watch_probation
[ "$mode" = prove ] && prove
forget_tokens
heal || { step=heal; close_journal refused 0 not-recovered 'an earlier run that was interrupted cannot be undone: see its journal'; exit 0; }
load "$release" || exit 1
link_env_file
live_release
previous=$live_now
[ "$mode" = prune ] && prune_now
[ "$mode" = secrets ] && apply_secrets
[ "$mode" = data ] && restore_data
[ "$mode" = probation ] && undo_probation
step=check
phase prepare || finish refused no-space 'no space left in the VM'

if [ "$half" = rehearse ]; then rehearse_start
elif [ "$mode" = deploy ]; then
  begin check ''
  say_settings
  check_room || finish refused "$cause" "$reason"
  limit=300
  # First, because it may write what the Compose files ask for.
  run_hook pre-build '' || { blame_hook; finish refused "$cause" "$reason"; }
  mark_left
  log_in_all || finish refused "$cause" "$reason"
  step=check
  # To read and judge takes as long as a small build: beside it, where no secret can be on its way into an image, and
  # where it is not known that several services build one image, nor that one has been built of the same already.
  : >"$work/kept-images"
  compare_trees
  if is_live_already; then
    recall_paths || finish refused "$cause" "$reason"
    begin build ''
    say_not_built
    built=0
  elif may_hand_secrets || may_share_builds || [ -n "$same_context" ]; then
    check_config || finish refused "$cause" "$reason"
    find_keys
    find_kept_images
    begin build ''
    say_adopted
    limit=$build_timeout
    steady build_images
    built=$?
  else
    begin build ''
    say_adopted
    # The lock stays held for as long as it builds, also when this is killed: its end gives images their names.
    build_beside &
    building=$!
    check_config
    checked=$? check_cause=$cause check_reason=$reason
    [ $checked != 0 ] || find_keys unasked
    step=build
    wait $building
    built=$?
    if [ $checked != 0 ]; then step=check; finish refused "$check_cause" "$check_reason"; fi
    limit=$build_timeout
    # All is built: once more is a matter of whose build has the name.
    if [ $built = 0 ] && [ -s "$release/builders" ]; then steady build_images; built=$?; fi
  fi
  step=build
  [ $built = 0 ] || { blame build-failed 'the build failed: ' "$(last_line build)"; blame_away "$(last_line build)"; finish refused "$cause" "$reason"; }
  # Beside it, for watch_gap.
  list_before 9>&- &
  listing=$!
  [ -e "$work/pins" ] || steady pin_images || { blame_away "$(last_line build)"; finish refused "$cause" "$reason"; }
  steady front_try || finish refused "$cause" "$reason"
  log_out
  [ "$half" != prepare ] || prepared
fi
run_hook pre-deploy '' || { blame_hook; finish refused "$cause" "$reason"; }
if [ "$mode" = deploy ] && [ -f "$tree/.zebu/hooks/pre-deploy" ]; then
  step=check
  place || finish refused "$cause" "$reason"
fi
# Not before a rollback, which is what a person in trouble asks for.
[ "$mode" != deploy ] || ask_snapshot || finish refused "$cause" "$reason"
[ "$mode" != deploy ] || dump_before || finish refused "$cause" "$reason"
[ "$mode" != deploy ] || await_dump "$data_timeout" || finish refused "$cause" "$reason"

step=start-up
[ "$mode" != deploy ] || place_data || finish refused "$cause" "$reason"
# A person in trouble waits for less.
if [ "$mode" = deploy ]; then dump_ends=60; else dump_ends=20; fi
begin_switch $dump_ends || finish refused "$cause" "$reason"
[ "$mode" != deploy ] || note_migration
if [ "$mode" = deploy ] && ! steady run_release_command; then restore "$cause" "$reason"; fi
steady bring_up '' || restore "$cause" "$reason"
ask_client || restore "$cause" "$reason"
still_good || restore "$cause" "$reason"
go_live
