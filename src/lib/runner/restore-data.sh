# shellcheck shell=sh
# A dump brought back into the live release, as a transaction: the old data or that of the dump serves, whatever is killed in between. The app
# is stopped; the old data is put aside by renaming it; what the dump has is put in its place, and everything is started and judged as
# a deploy is. FOLDER/data/restore, from the client, sets: restore_id, restore_only (names of stores, empty for all), restore_fetch (1: it
# is not in the VM yet), restore_first (1: what is there is dumped before), restore_run, and $data_* of settings.ts.

restore_says() { note wait "$1 to be restored"; }

read_restore() {
  restore_id='' restore_only='' restore_fetch='' restore_first=''
  # A shell ends at once where it cannot read what it is told to.
  [ -f "$base/data/restore" ] || return 1
  # shellcheck disable=SC1091 # written by zebu
  . "$base/data/restore" || return 1
  restoring=$restore_id aside_name=.zebu-$run dumped=$base/data/dumps/$restore_id
}

# What the next run is to restore may lie there already, while it ends this one.
# shellcheck disable=SC1091,SC2030 # written by zebu; in there alone
own_restore() { (restore_run=$run; . "$base/data/restore"; [ "$restore_run" = "$run" ]) 2>/dev/null; }
forget_restore() { ! own_restore || rm -f "$base/data/restore"; }

# All containers, the front proxy too: nobody is to be served by what is in between.
# Docker may say of one that it runs while it is just ending, or fail to stop it at once.
stop_all() {
  stops=0
  while [ $stops -lt 10 ]; do
    stops=$((stops + 1))
    # A Docker that is silent has not said that there is none.
    stopping=$(timeout 120 docker ps -q --no-trunc --filter "label=com.docker.compose.project=$project") || { sleep 1; continue; }
    [ -n "$stopping" ] || return 0
    # shellcheck disable=SC2086 # ids, a word each
    set -- $stopping
    timeout 600 docker stop "$@" >/dev/null 2>&1 || sleep 1
    [ $stops -lt 5 ] || timeout 60 docker kill "$@" >/dev/null 2>&1
  done
  return 1
}

# For as long as old data is aside nothing may be started on what is half restored, and nobody may take the run for ended: it stays open, and
# whoever recovers it tries again. Only the journal ends. leave_open WORDS
leave_open() {
  step=$failed_step
  close_journal unhealthy 0 "$failed_cause" "$(escape "$failed; $1: the old data is still aside, and the app was not started (zebu app:recover tries again)")"
  take_back_note
  exit 75
}

# Puts the old data back, and has the release serve it; ends with $failed_cause and $failed.
undo_restore() {
  failed_step=$step
  [ -z "$bad" ] || last_words
  note failed "$failed"
  phase restore
  spare
  undone=restored
  if [ -s "$base/data/aside" ]; then
    docker_back || leave_open 'Docker does not answer'
    stop_all || leave_open 'the containers could not be stopped'
    put_back || leave_open "what is beside the new data with $aside_name at the end could not be put back"
    rm -f "$base/data/aside"
  fi
  know_as_before
  steady bring_up 'going back to the data before' || { last_words; undone=unhealthy failed="$failed; going back to the data before failed too: $reason"; }
  forget_restore
  [ $undone = unhealthy ] || note_containers
  step=$failed_step
  finish $undone "$failed_cause" "$failed"
}

refuse_restore() {
  forget_restore
  finish refused "$1" "$2"
}

# Verified: from here on only forward, also after a crash.
keep_restored() {
  phase live
  begin commit ''
  note_containers
  forget_aside
  rm -rf "$base/data/placed-before"
  # From here on what is made in this VM goes on from what came from off it, see chooseDump of the client.
  own_restore && read_restore && grep -qsxF -e "$restore_id" "$base/data/fetched" && date +%s >"$base/data/adopted"
  forget_restore
  finish live "$1" "$2"
}

# What of a commit lies in a folder that follows it (tend.sh) is of the release that was dumped: known as that, it gives way to what the
# live one has, and what services had changed of it stays. Where nothing is left of that release it is as it was dumped.
know_restored() {
  rm -rf "$base/data/placed-before"
  [ ! -d "$base/shared/placed" ] || cp -a "$base/shared/placed" "$base/data/placed-before" || return 1
  dumped_tree=$base/releases/$(sed -n 's/^release=//p' "$dumped/manifest" | head -n 1)/tree
  [ -d "$dumped_tree" ] || return 0
  tended >"$work/follows"
  while IFS='|' read -r store_name store_kind store_service store_id store_running store_path store_file; do
    [ "$store_kind" = volume ] || continue
    restored=$(place_of_store "$store_name" "$store_kind" "$store_service" "$store_id" "$store_running" "$store_path" 2>/dev/null </dev/null) || continue
    while IFS='	' read -r name place; do
      case $place/ in "$restored"/*) part=./ ;; *) case $restored in "$place"/*) part=.${restored#"$place"}/ ;; *) continue ;; esac ;; esac
      last=$(placed_last "$name")
      { LC_ALL=C awk -v part="$part" 'index(substr($0, 67), part) != 1' "$last"
        sums_of "$dumped_tree/$name" | LC_ALL=C awk -v part="$part" 'index(substr($0, 67), part) == 1'; } 2>/dev/null | LC_ALL=C sort >"$last.new" && mv "$last.new" "$last" || return 1
    done <"$work/follows"
  done <"$work/filling"
}

# With the old data, what was known of it.
know_as_before() {
  [ -d "$base/data/placed-before" ] || return 0
  cp -a "$base/data/placed-before/." "$base/shared/placed/" && rm -rf "$base/data/placed-before"
}

bring_data() {
  begin set-aside ''
  stop_all || { cause=up-failed reason='the containers could not be stopped'; return 1; }
  put_aside || { cause=dump-unfit reason=$why; return 1; }
  begin restore-data "$restore_id"
  fill_files "$dumped" || { cause=restore-failed reason="the dump could not be restored: $why"; return 1; }
  know_restored || { cause=no-space reason='no space left in the VM'; return 1; }
  stores=$(serving_stores)
  if [ -n "$stores" ]; then
    limit=$(( timeout + 600 ))
    write_env_file
    write_digests || { unreadable; return 1; }
    # shellcheck disable=SC2086 # names, each free of blanks
    logged compose up -d --no-build --no-deps $stores || { cause=up-failed reason="docker compose up failed: $(last_line restore-data)"; return 1; }
    fill_servers "$dumped" || { cause=restore-failed reason="the dump could not be restored: $why"; return 1; }
  fi
  # What the dump lacks of what the release wants: it may be of one before.
  steady run_release_command
}

restore_data() {
  step=check
  id=$previous release=$base/releases/$id
  # shellcheck disable=SC2015 # it is for either of them
  load "$release" && read_restore || refuse_restore not-stored 'what is to be restored was not stored'
  # What could not be put back is not to be lost sight of.
  [ ! -s "$base/data/aside" ] || refuse_restore dump-unfit "what an earlier run has put aside is still there: $(cut -d'|' -f2 "$base/data/aside" | head -n 1).zebu-*"
  phase prepare || refuse_restore no-space 'no space left in the VM'
  # By which its programs are known when it is killed and they are not.
  export ZEBU_SECRETS_RUN="$run"
  begin check ''
  await_dump 600 || refuse_restore "$cause" "$reason"
  if [ -n "$restore_fetch" ] && [ ! -d "$dumped" ]; then
    begin fetch "$restore_id"
    fetch_offsite "$restore_id" || refuse_restore "$cause" "$reason"
  fi
  [ -s "$dumped/manifest" ] || refuse_restore dump-missing "there is no dump $restore_id in the VM"
  # shellcheck disable=SC2015 # it is for either of them
  match_stores "$dumped" && check_places || refuse_restore "$cause" "$reason"
  if [ -n "$restore_first" ]; then
    take_dump restore || refuse_restore "$cause" "what is there now could not be dumped first: $reason (--no-dump restores without that)"
    if [ -n "$dump_made" ]; then note "done" "what is there now: dump $dump_made"; else note "done" 'there is nothing to dump'; fi
  fi
  step=set-aside
  begin_switch 60 || refuse_restore "$cause" "$reason"
  if bring_data && steady bring_up ''; then keep_restored '' ''; fi
  failed_cause=$cause failed=$reason
  undo_restore
}

# Ends one that was interrupted, with its release loaded. What it had started ends with its container, or writes into what is removed.
recover_restore() {
  if [ "$tx_phase" = live ]; then
    step=recover aside_name=.zebu-$run
    keep_restored resumed "finished after it was interrupted during $interrupted"
  fi
  if [ "$tx_phase" = prepare ]; then
    rm -rf "$base/data/fetching"
    refuse_restore interrupted "$why"
  fi
  begin recover "$why"
  aside_name=.zebu-$run
  failed_cause=interrupted failed=$why failed_step=$step
  if ! docker_back; then
    [ ! -s "$base/data/aside" ] || leave_open 'Docker does not answer'
    finish unhealthy interrupted "$why; Docker does not answer"
  fi
  remove_release_container
  # What the killed run had told Docker to stop must not stop what is started next.
  stop_all
  await_leftovers
  export ZEBU_SECRETS_RUN="$run"
  undo_restore
}
