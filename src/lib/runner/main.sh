# shellcheck shell=sh
# What a run does, from top to bottom.

# Where the data of a volume lies is decided before it is compared with what Docker has.
judge_paths() { map_mounts && check_standing; }

# Refuses Compose files that cannot be read, and what they may not say.
check_config() {
  step=check
  read_config || finish refused "$(grep -v '^$' "$work/error" | tail -n 1)"
  check_given || finish refused "$reason"
  unread >"$work/said"
  [ ! -s "$work/said" ] || logged cat "$work/said"
  find_build_args || finish refused "$reason"
  find_builders
  note_intents || finish refused 'no space left in the VM'
  # It may write what is mounted.
  [ -f "$tree/.zebu/hooks/pre-deploy" ] || judge_paths || finish refused "$reason"
}

[ "$mode" = recover ] && recover
heal || { append "$journal" "{\"t\":$started,\"end\":\"refused\",\"step\":\"heal\",\"reason\":\"an earlier run that was interrupted cannot be undone: see its journal\"}"; exit 0; }
load "$release" || exit 1
link_env_file
previous=$(live_release)
[ "$mode" = prune ] && prune_now
[ "$mode" = secrets ] && apply_secrets
step=check
phase prepare || finish refused 'no space left in the VM'

if [ "$mode" = deploy ]; then
  begin check ''
  say_settings
  check_room || finish refused "$reason"
  limit=300
  # First, because it may write what the Compose files ask for.
  run_hook pre-build '' || finish refused "$hook failed with exit status $(cat "$work/status"): $(last_line hook)"
  # Compose reads for as long as a small build takes: beside it, where no secret can be on its way into an image, and
  # where it is not known that several services build one image.
  reading=
  if may_hand_secrets || may_share_builds; then check_config
  else
    read_config 9>&- &
    reading=$!
  fi
  begin build ''
  limit=$build_timeout
  say_adopted
  steady build_images
  built=$?
  if [ -n "$reading" ]; then
    wait $reading
    check_config
    # All is built: once more is a matter of whose build has the name.
    if [ $built = 0 ] && [ -s "$release/builders" ]; then steady build_images; built=$?; fi
  fi
  step=build
  [ $built = 0 ] || finish refused "the build failed: $(last_line build)"
  # Beside it, for watch_gap.
  list_before 9>&- &
  listing=$!
  steady pin_images || finish refused "$reason"
fi
run_hook pre-deploy '' || finish refused "$hook failed with exit status $(cat "$work/status"): $(last_line hook)"
if [ "$mode" = deploy ] && [ -f "$tree/.zebu/hooks/pre-deploy" ]; then
  step=check
  judge_paths || finish refused "$reason"
fi
# After everything that may write what is given to containers, and before anything is started.
[ "$mode" != deploy ] || { place_files && note_gives; } || finish refused 'no space left in the VM'
# Not before a rollback, which is what a person in trouble asks for.
[ "$mode" != deploy ] || ask_snapshot || finish refused "$reason"

step=start-up
[ "$mode" != deploy ] || place_data || finish refused "$reason"
phase switch || finish refused 'no space left in the VM'
if [ "$mode" = deploy ] && ! steady run_release_command; then restore "$reason"; fi
steady bring_up '' || restore "$reason"
ask_client || restore "$reason"
still_good || restore "$reason"
go_live
