# shellcheck shell=sh
# The end of a run: sets the link to the live release, and writes the last lines of history and journal.

# Sets $live_now; to nothing where the link leads nowhere: there is nothing to go back to then.
live_release() {
  live_now=
  { [ -f "$base/current/plan" ] && [ -L "$base/current" ]; } || return 0
  live_now=$(cd -P "$base/current" && echo "${PWD##*/}")
}

# Sets $ports to what the containers publish, as Docker writes it: 0.0.0.0:8080->80/tcp, ...
published() {
  ports=
  [ -f "$release/containers" ] || return 0
  while IFS='|' read -r _ _ _ _ each_; do ports="$ports${ports:+${each_:+, }}$each_"; done <"$release/containers"
  case $ports in *[!0-9a-z.:,\ \>/-]*) ports=$(printf '%s' "$ports" | tr -cd '0-9a-z.:, >/[]-') ;; esac
}

# What app:status compares with. Which releases are pointed into is read from the same lines, for who removes old ones.
note_containers() {
  list_uses "$work" || return 1
  printf '' >"$release/containers.new" && named_releases "$work/uses" "$release/containers.new" >"$work/pointed" &&
    mv "$release/containers.new" "$release/containers"
}

make_current() {
  # Beside what follows; the books are closed after it.
  note_containers 9>&- &
  noting=$!
  link_current "$id"
}

link_current() {
  ln -sfn "releases/$1" "$base/.current" || { spare; ln -sfn "releases/$1" "$base/.current"; }
  # What is no link is moved out of the way: a folder would take the link in.
  [ -L "$base/current" ] || [ ! -e "$base/current" ] || mv -T "$base/current" "$base/current.before-$run"
  mv -T "$base/.current" "$base/current"
}

# What is gone back from is on probation no more. The last of a run: what is its own goes with it.
close_transaction() {
  [ "$mode" != probation ] || forget_probation
  rm -rf "$transaction" "$work"
}

# The note of who has the lock is one of who had it (lock-part.sh). Who finds none that says something waits for it.
take_back_note() {
  [ -s "$base/holder" ] || return 0
  IFS= read -r held_ <"$base/holder" || :
  # Where there is no room, nobody is named.
  umask 077
  { printf '%s' "$held_" >"$base/held"; } 2>/dev/null || :
  umask 022
  printf '' >"$base/holder"
}

# finish VERDICT CAUSE WORDS. The books in this order: whoever finds the transaction still open looks into them before
# writing a second time. What ends in the first half of a rehearsal was no deploy: its journal alone has it.
finish() {
  # Both write into what is removed at the end.
  [ -z "$noting" ] || wait "$noting"
  [ -z "$listing" ] || wait "$listing"
  clock
  escape_to "$3"
  seconds=$((clock > started ? clock - started : 0)) why=$escaped
  if [ "$half" != prepare ]; then
    mend "$base/releases.jsonl"
    append "$base/releases.jsonl" "{$record,\"run\":\"$run\",\"mode\":\"$mode\",\"started\":$started,\"seconds\":$seconds,\"verdict\":\"$1\",\"step\":\"$step\",\"cause\":\"$2\",\"reason\":\"$why\",\"gaps\":{$gap}}"
  fi
  end_journal "$1" "$seconds" "$2" "$why"
  # Who reads the end begins with the next one, and must not be refused for this one; what is written next may take long where much was
  # written before. The next one has the lock for a moment before its own note is there, either.
  take_back_note
  sync_books
  [ "$mode" != secrets ] || rm -f "$base/shared/secrets/apply"
  close_transaction
  exit 0
}

# tell VERDICT SECONDS CAUSE WORDS, as they stand in JSON: whoever wants to know what happened. Not of what was refused to a person who is
# there to read it, unless it was cut off; nor of the first half of a rehearsal, which was no deploy.
tell() {
  [ "$half" != prepare ] || return 0
  case $mode,$1 in
    # It was well again before anything was done.
    probation,live) return 0 ;;
    probation,restored) telling=probation ;;
    *,live) telling=deployed ;;
    *,restored) telling=restored ;;
    *) telling=failed ;;
  esac
  if [ "$1" = refused ] && [ "$3" != interrupted ] && { [ "$mode" != deploy ] || [ -n "$attended" ]; }; then return 0; fi
  telling_of=${record:-"\"ref\":\"$id\""}
  # Who goes back, or brings other secrets, is not who made the release.
  [ "$mode" = deploy ] || telling_of="${telling_of%%,\"who\":\"*}$(sed -n 's/^{\("who":".*","from":".*"\),"since":.*/,\1/p' "$base/holder" 2>/dev/null)"
  clock
  event "$base" $telling "$telling_of,\"mode\":\"$mode\",\"run\":\"$run\",\"seconds\":$2,\"verdict\":\"$1\",\"step\":\"$step\",\"cause\":\"$3\",\"reason\":\"$4\"" "$clock" >/dev/null 2>&1 9>&-
}

# close_journal VERDICT SECONDS CAUSE WORDS, as they stand in JSON.
close_journal() {
  end_journal "$@"
  sync_books
}
end_journal() {
  # Before the end is read by anybody: once more when it is killed here, rather than not at all.
  tell "$@"
  clock
  published
  append "$journal" "{\"t\":$clock,\"end\":\"$1\",\"step\":\"$step\",\"seconds\":$2,\"cause\":\"$3\",\"reason\":\"$4\",\"gaps\":{$gap},\"ports\":\"$ports\",\"migrated\":\"$migrated\",\"dump\":\"$dump_made\"}"
}
sync_books() { sync "$base/releases.jsonl" "$journal" "$base" 2>/dev/null; }
