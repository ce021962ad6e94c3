# shellcheck shell=sh
# A dump: a folder below FOLDER/data/dumps with a file for each store and `manifest`, which is written last; made beside and renamed, so that
# it is there whole or not at all. Two are never made at once, and none while a run replaces what runs.
#
# Needs $base, $project, $work, $data_* of settings.ts, and `mask`. `dump_says WORDS` tells how far it is.

# include ./stores.sh

# in_container ID KIND ACTION: the program of a kind, in the shell of the image.
in_container() {
  case $2 in
    postgres) container_program=$program_postgres ;;
    mariadb|mysql) container_program=$program_mysql ;;
    mongo) container_program=$program_mongo ;;
    redis) container_program=$program_redis ;;
  esac
  timeout "$data_timeout" docker exec -i "$1" sh -c "$container_program" zebu "$3"
}

# A password that the server was given as an argument; nothing where it has none. From Docker, and on to standard input.
argument_of() {
  # shellcheck disable=SC2016 # a template of Docker's
  timeout 60 docker inspect --format '{{range .Args}}{{println .}}{{end}}' "$1" | awk -v wanted="$2" 'found { print; exit } $0 == wanted { found = 1 }'
}

# A file of SQLite, as the library itself copies it while others write.
copy_sqlite() {
  command -v sqlite3 >/dev/null 2>&1 || { echo 'there is no sqlite3 in the VM: zebu vm:apply installs it' >&2; return 1; }
  as_root test -f "$1" || { echo "there is no $1" >&2; return 1; }
  # Not in memory, where the runner has its folder: it is as large as the database.
  copy_room=$(room)
  copy_size=$(as_root stat -c %s "$1") || copy_size=0
  [ "$copy_size" -lt "$copy_room" ] || { echo 'no space left on device for a copy of it' >&2; return 1; }
  as_root timeout "$data_timeout" sqlite3 -cmd '.timeout 20000' "$1" ".backup '$making/copy.db'" </dev/null && as_root cat "$making/copy.db"
  copied=$?
  as_root rm -f "$making/copy.db"
  return $copied
}

# dump_store NAME KIND SERVICE ID RUNNING PATH: to standard output.
dump_store() {
  case $2 in
    volume|sqlite) ;;
    *) [ "$5" = true ] || { echo "the service $3 does not run" >&2; return 1; } ;;
  esac
  case $2 in
    volume)
      place=$(place_of_store "$@") || return 1
      as_root test -d "$place" || { echo "there is no folder $place" >&2; return 1; }
      # What changes while it is read is there as it was then.
      as_root timeout "$data_timeout" tar -c --numeric-owner --xattrs --acls --sparse --warning=no-file-changed -C "$place" . </dev/null || [ $? = 1 ]
      ;;
    sqlite) place=$(place_of_store "$@") && copy_sqlite "$place" ;;
    redis) argument_of "$4" --requirepass | in_container "$4" redis dump ;;
    command) "data_$6_dump" timeout "$data_timeout" docker exec "$4" </dev/null ;;
    *) in_container "$4" "$2" dump </dev/null ;;
  esac
}

# Where the data of a store lies in the VM, of those that are files.
place_of_store() {
  if [ -z "$3" ]; then place_found=$(folder_of_volume "$6") || why=; else place_found=$(place_in "$4" "$6") || why=; fi
  [ -n "$place_found" ] || { echo "$6 of ${3:-the app} is in no volume of the VM, or in one with a driver of its own" >&2; return 1; }
  printf '%s\n' "$place_found"
}

extension_of() { case $1 in volume) echo tar ;; sqlite) echo db ;; redis) echo rdb ;; mongo) echo archive ;; command) echo dump ;; *) echo sql ;; esac; }

# So that little of what is copied off the VM changes from dump to dump, where gzip can.
squeeze() { if gzip --rsyncable </dev/null >/dev/null 2>&1; then gzip --rsyncable; else gzip; fi; }

# Bytes that may be written until only $min_free MiB are left.
room() { df -Pk "$base" | awk -v keep="$min_free" 'NR == 2 { left = ($4 - keep * 1024) * 1024; if (left < 0) left = 0; printf "%.0f\n", left }'; }

# write_store NAME KIND SERVICE ID RUNNING PATH: a file of $making, and its line of the manifest. Fails with $cause and $reason.
write_store() {
  store_file=$1.$(extension_of "$2").gz
  left=$(room)
  rm -f "$work/store-status"
  { { dump_store "$@" 2>"$work/store-error"; echo $? >"$work/store-status"; } | squeeze | head -c "$left" >"$making/$store_file"; } 2>/dev/null
  read -r store_status <"$work/store-status" || store_status=1
  store_bytes=$(wc -c <"$making/$store_file")
  if [ "$store_bytes" -ge "$left" ]; then
    cause=no-space reason="no space left for the dump of $1: deploy.min_free_mb ($min_free MiB) would not be free any more"
    return 1
  fi
  if [ "$store_status" != 0 ]; then
    store_said=$(grep -v '^ *$' "$work/store-error" | tail -n 1 | cut -c1-300 | mask)
    case $2/$store_status in
      volume/*|sqlite/*|command/*) ;;
      */126|*/127) store_said="the container of $3 has no shell, or not what it takes (${store_said:-exit status $store_status}); give data.stores a \`dump\` and a \`restore\` of its own, or \`kind: none\`" ;;
    esac
    [ "$store_status" != 124 ] || store_said="it takes longer than $data_timeout s (data.timeout)"
    cause=dump-failed reason="the dump of $1 ($2) failed: ${store_said:-exit status $store_status}"
    ! says_disk_full "$store_said" || cause=no-space
    return 1
  fi
  gzip -t "$making/$store_file" 2>/dev/null || { cause=dump-failed reason="the dump of $1 ($2) could not be compressed"; return 1; }
  store_sum=$(sha256sum <"$making/$store_file")
  printf 'store=%s|%s|%s|%s|%s|%s|%s\n' "$1" "$2" "$3" "$store_file" "$store_bytes" "${store_sum%% *}" "$6" >>"$making/manifest"
  all_bytes=$((all_bytes + store_bytes))
}

# A member of the last run that made a release live.
live_member() { printf '%s' "$live_record" | sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p'; }

# Of a run that had waited for it long enough, see begin_switch.
not_overtaken() {
  [ -e "$base/data/overtaken" ] || return 0
  cause=data-busy reason='the dump was not done when a run began to replace what runs, and is not kept'
  return 1
}

# make_dump WHY WHO FROM: sets $dump_id. Under the lock of dumps. Fails with $cause and $reason.
make_dump() {
  cause='' reason='' all_bytes=0 dump_id=''
  find_stores || { cause=docker-silent reason='Docker does not answer'; return 1; }
  [ -s "$work/stores" ] || return 0
  mkdir -p "$base/data/dumps" || { cause=no-space reason='no space left in the VM'; return 1; }
  making=$base/data/making
  rm -rf "$making"
  # What the last one took is asked for before anything is written.
  newest=$(newest_dump)
  wanted=0
  [ -z "$newest" ] || wanted=$(sed -n 's/^bytes=//p' "$base/data/dumps/$newest/manifest")
  forget_dumps
  # Those that only their age has kept go for one that there is no room for.
  [ "$(room)" -ge "${wanted:-0}" ] || forget_dumps 0
  if [ "$(room)" -lt "${wanted:-0}" ]; then
    cause=no-space reason="no space left for a dump: the last one took $((wanted / 1048576)) MiB, and deploy.min_free_mb ($min_free MiB) is to stay free"
    return 1
  fi
  began=$(date +%s)
  dump_id=$(date -u +%Y%m%dT%H%M%SZ)
  # Two within a second, or a clock that was set back.
  while [ -e "$base/data/dumps/$dump_id" ]; do sleep 1; dump_id=$(date -u +%Y%m%dT%H%M%SZ); done
  mkdir "$making" || { cause=no-space reason='no space left in the VM'; return 1; }
  live_id=$(readlink "$base/current" 2>/dev/null)
  live_id=${live_id##*/}
  live_record=$(grep -F "\"id\":\"$live_id\"" "$base/releases.jsonl" 2>/dev/null | tail -n 1)
  : >"$making/manifest"
  while IFS='|' read -r store_name store_kind store_service store_id store_running store_path; do
    dump_says "$store_name"
    if not_overtaken && write_store "$store_name" "$store_kind" "$store_service" "$store_id" "$store_running" "$store_path" </dev/null && not_overtaken; then continue; fi
    # Not the words of a container that was stopped under it.
    not_overtaken
    rm -rf "$making"
    dump_id=
    return 1
  done <"$work/stores"
  {
    cat "$making/manifest"
    printf 'id=%s\nt=%s\nwhy=%s\nwho=%s\nfrom=%s\nrelease=%s\nref=%s\ncommit=%s\nseconds=%s\nbytes=%s\n' \
      "$dump_id" "$began" "$1" "$2" "$3" "$live_id" "$(live_member ref)" "$(live_member commit)" "$(($(date +%s) - began))" "$all_bytes"
  } >"$making/manifest.new" && mv "$making/manifest.new" "$making/manifest" &&
    sync "$making"/* 2>/dev/null
  # shellcheck disable=SC2015 # it is for any of them
  [ -s "$making/manifest" ] && mv -T "$making" "$base/data/dumps/$dump_id" && echo "$dump_id" >>"$base/data/order" || {
    rm -rf "$making"
    cause=no-space reason='no space left in the VM' dump_id=
    return 1
  }
  sync "$base/data/dumps" 2>/dev/null
  forget_dumps
}

# The dumps that are there, oldest first: in the order they were made in, whatever the clock said.
dumps_in_order() {
  # shellcheck disable=SC2012 # names of our own
  ls -1 "$base/data/dumps" 2>/dev/null | LC_ALL=C awk -v order="$base/data/order" '
    { there[$0] = 1; name[++n] = $0 }
    END {
      while ((getline line < order) > 0) if (!(line in at)) { at[line] = ++m; known[m] = line }
      for (i = 1; i <= n; i++) if (!(name[i] in at)) print name[i]
      for (i = 1; i <= m; i++) if (known[i] in there) print known[i]
    }'
}
newest_dump() { dumps_in_order | tail -n 1; }

# By count and age: what is neither one of the last nor young enough goes. The newest stays, and what is being brought back.
# forget_dumps [DAYS]
forget_dumps() {
  before=$(($(date +%s) - ${1:-$data_keep_days} * 86400))
  dumps_in_order | LC_ALL=C awk -v keep="$data_keep_last" '{ name[NR] = $0 } END { for (i = 1; i <= NR - keep && i < NR; i++) print name[i] }' | while read -r each; do
    [ "$each" != "${restoring:-}" ] || continue
    made=$(sed -n 's/^t=//p' "$base/data/dumps/$each/manifest" 2>/dev/null)
    [ "${made:-0}" -gt "$before" ] || rm -rf "$base/data/dumps/$each"
  done
  dumps_in_order >"$base/data/order.new" && mv "$base/data/order.new" "$base/data/order"
}

# A run that replaces what runs, or puts it back: nothing is dumped meanwhile.
switching() { grep -qsE '^tx_phase=(switch|restore)' "$base/transaction"; }

# with_dump_lock SECONDS COMMAND...: 75 where it is not to be had in that time.
with_dump_lock() {
  lock_until=$(($(date +%s) + $1))
  shift
  mkdir -p "$base/data"
  (
    exec 6>>"$base/data/lock"
    while :; do
      lock_left=$((lock_until - $(date +%s)))
      [ $lock_left -gt 0 ] || lock_left=0
      flock -w "$lock_left" 6 || exit 75
      # Of one that is no more. Before it is asked whether a run has begun: that says it only after it has.
      rm -f "$base/data/overtaken"
      switching || break
      flock -u 6
      [ $lock_left -gt 0 ] || exit 75
      sleep 1
    done
    "$@"
  )
}
