# shellcheck shell=sh
# A dump brought back into its stores. All of what is stopped is stopped; what it takes of old data is put aside first.

# include ./aside.sh

# Where data of a kind lies in its container.
data_places() { case $1 in postgres) echo /var/lib/postgresql ;; mariadb|mysql) echo /var/lib/mysql ;; mongo) echo /data ;; redis) echo /data ;; esac; }

# places_of KIND ID: the folders in the VM that hold the data of a container, a line each. Fails with $why.
places_of() {
  mounts_of "$2" >"$work/mounts" || { why='Docker does not answer'; return 1; }
  store_own=
  # shellcheck disable=SC2016 # a template of Docker's
  [ "$1" != postgres ] || store_own=$(timeout 60 docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$2" | sed -n 's/^PGDATA=//p' | head -n 1)
  [ "$1" != redis ] || store_own=$redis_dir
  : >"$work/places"
  while IFS='|' read -r store_type store_source store_volume store_target; do
    [ -n "$store_target" ] || continue
    if [ "$1" != command ]; then
      counts=
      for each in $(data_places "$1") $store_own; do
        case $each/ in "$store_target"/*) counts=1 ;; esac
        case $store_target/ in "$each"/*) counts=1 ;; esac
      done
      [ -n "$counts" ] || continue
    fi
    place_of "$store_type" "$store_source" "$store_volume" >>"$work/places" </dev/null || return 1
  done <"$work/mounts"
  [ -s "$work/places" ] || { why='its data is in no volume'; return 1; }
}

# What of the dump is for which store of now: $work/filling, a line each: name|kind|service|id|running|path|file. Fails with $cause, $reason.
match_stores() {
  find_stores || { cause=docker-silent reason='Docker does not answer'; return 1; }
  : >"$work/filling"
  sed -n 's/^store=//p' "$1/manifest" >"$work/kept"
  while IFS='|' read -r store_name store_kind store_service store_file store_bytes store_sum store_path; do
    case " $restore_only " in '  '|*" $store_name "*) ;; *) continue ;; esac
    found=$(awk -F'|' -v name="$store_name" -v kind="$store_kind" '$1 == name && ($2 == kind || $2 kind ~ /^(mysql|mariadb)(mysql|mariadb)$/) { print; exit }' "$work/stores")
    if [ -z "$found" ]; then
      cause=dump-unfit reason="the dump has $store_name ($store_kind), and the live release has no such store"
      return 1
    fi
    case $store_kind/$found in volume/*|sqlite/*) ;; *'||'*) cause=dump-unfit reason="there is no container of the service $store_service"; return 1 ;; esac
    actual=$(sha256sum <"$1/$store_file" 2>/dev/null)
    if [ "${actual%% *}" != "$store_sum" ]; then
      cause=dump-damaged reason="the dump of $store_name is damaged: it has another checksum than it was made with"
      return 1
    fi
    printf '%s|%s\n' "$found" "$store_file" >>"$work/filling"
  done <"$work/kept"
  [ -s "$work/filling" ] || { cause=dump-unfit reason='nothing of the dump is to be restored'; return 1; }
}

# Before anything is stopped: what may be in the way. Fails with $cause and $reason. Redis is asked how it keeps its file.
check_places() {
  : >"$work/copied"
  : >"$work/all-places"
  as_root true 2>/dev/null || { cause=dump-unfit reason='old data can only be put aside by root: the deploy user needs sudo without a password'; return 1; }
  while IFS='|' read -r store_name store_kind store_service store_id store_running store_path store_file; do
    why=
    case $store_kind in
      redis)
        redis_settings "$store_name" "$store_id" "$store_running"
        places_of redis "$store_id"
        ;;
      volume|sqlite) place_of_store "$store_name" "$store_kind" "$store_service" "$store_id" "$store_running" "$store_path" >"$work/places" 2>"$work/store-error" || why=$(cat "$work/store-error") ;;
      *) places_of "$store_kind" "$store_id" ;;
    esac </dev/null
    if [ -z "$why" ]; then
      while read -r each; do can_be_renamed "$each" || break; done <"$work/places"
    fi
    [ -z "$why" ] || { cause=dump-unfit reason="$store_name: $why"; return 1; }
    sed "s/$/|$store_name/" "$work/places" >>"$work/all-places"
    # What is copied needs room as well.
    [ "$store_kind" != command ] || while read -r each; do as_root du -sk "$each" </dev/null; done <"$work/places" >>"$work/copied"
  done <"$work/filling"
  twice=$(sort "$work/all-places" | awk -F'|' 'NR > 1 && ($1 == last || index($1, last "/") == 1) { print name " and " $2; exit } { last = $1; name = $2 }')
  if [ -n "$twice" ]; then
    cause=dump-unfit reason="$twice lie in one folder: restore them one after the other, with --only"
    return 1
  fi
  needed=$(awk '{ sum += $1 } END { printf "%.0f\n", sum * 1024 }' "$work/copied" 2>/dev/null)
  if [ "$(room)" -lt "${needed:-0}" ]; then
    cause=no-space reason="no space left: a copy of the old data takes $((needed / 1048576)) MiB"
    return 1
  fi
}

# How it calls its files, kept for when it is stopped.
redis_settings() {
  redis_dir=/data
  if [ "$3" = true ]; then argument_of "$2" --requirepass | in_container "$2" redis settings >"$base/data/redis-$1.new" 2>/dev/null && mv "$base/data/redis-$1.new" "$base/data/redis-$1"; fi
  [ ! -s "$base/data/redis-$1" ] || redis_dir=$(sed -n 's/^dir=//p' "$base/data/redis-$1")
}

# put_aside: the old data of all stores of $work/filling. Fails with $why.
put_aside() {
  while IFS='|' read -r store_name store_kind store_service store_id store_running store_path store_file; do
    why=
    put_aside_one "$store_name" "$store_kind" "$store_service" "$store_id" "$store_running" "$store_path" </dev/null || { why="$store_name: ${why:-its data could not be put aside}"; return 1; }
  done <"$work/filling"
}
put_aside_one() {
  case $2 in
    sqlite)
      place=$(place_of_store "$@") || return 1
      as_root test ! -e "$place" || as_root stat -c '%u:%g %a' "$place" >"$work/sqlite-$1"
      aside_file "$place" && aside_file "$place-wal" && aside_file "$place-shm" && aside_file "$place-journal"
      ;;
    volume) place=$(place_of_store "$@") && aside_folder "$place" ;;
    *)
      [ "$2" != redis ] || redis_settings "$1" "$4" false
      places_of "$2" "$4" || return 1
      cp "$work/places" "$work/to-aside"
      while read -r each; do
        if [ "$2" = command ]; then aside_copy "$each" || return 1; else aside_folder "$each" || return 1; fi
      done <"$work/to-aside"
      ;;
  esac
}

# What is files: put in their places while everything is stopped. Fails with $why.
fill_files() {
  while IFS='|' read -r store_name store_kind store_service store_id store_running store_path store_file; do
    case $store_kind in volume|sqlite|redis) ;; *) continue ;; esac
    restore_says "$store_name"
    why=
    fill_file "$store_name" "$store_kind" "$store_service" "$store_id" "$store_running" "$store_path" "$1/$store_file" </dev/null 2>"$work/store-error" || {
      why="$store_name: ${why:-$(grep -v '^ *$' "$work/store-error" | tail -n 1 | cut -c1-300)}"
      return 1
    }
  done <"$work/filling"
}
fill_file() {
  case $2 in
    volume) place=$(place_of_store "$1" "$2" "$3" "$4" "$5" "$6") && gzip -dc "$7" | as_root tar -x --numeric-owner --xattrs --acls -p -C "$place" ;;
    sqlite)
      place=$(place_of_store "$1" "$2" "$3" "$4" "$5" "$6") && gzip -dc "$7" | as_root tee "$place" >/dev/null || return 1
      read -r owner rights 2>/dev/null <"$work/sqlite-$1" || { owner=$(as_root stat -c '%u:%g' "$(dirname "$place")") rights=644; }
      as_root chown "$owner" "$place" && as_root chmod "$rights" "$place"
      ;;
    redis)
      redis_settings "$1" "$4" false
      place=$(place_in "$4" "$redis_dir") || return 1
      fill_redis "$place" "$7" "$base/data/redis-$1"
      ;;
  esac
}

# With its log of changes switched on the server reads that alone, so the dump becomes the beginning of one: in the folder of Redis 7,
# and in the single file of those before.
fill_redis() {
  name_of() { set -- "$1" "$2" "$(sed -n "s/^$1=//p" "$redis_file" 2>/dev/null | head -n 1)"; printf '%s\n' "${3:-$2}"; }
  redis_file=$3
  owner=$(as_root stat -c '%u:%g' "$1") || return 1
  put_redis() { gzip -dc "$redis_dump" | as_root tee "$1" >/dev/null && as_root chown "$owner" "$1" && as_root chmod 600 "$1"; }
  redis_dump=$2
  put_redis "$1/$(name_of dbfilename dump.rdb)" || return 1
  [ "$(name_of appendonly no)" = yes ] || return 0
  store_log=$(name_of appendfilename appendonly.aof) store_folder=$(name_of appenddirname '')
  if [ -z "$store_folder" ]; then put_redis "$1/$store_log"; return; fi
  as_root mkdir "$1/$store_folder" && put_redis "$1/$store_folder/$store_log.1.base.rdb" &&
    printf 'file %s.1.base.rdb seq 1 type b\n' "$store_log" | as_root tee "$1/$store_folder/$store_log.manifest" >/dev/null && as_root chown -R "$owner" "$1/$store_folder"
}

# await_store NAME KIND ID: until it takes connections. Fails with $why.
await_store() {
  [ "$2" != command ] || return 0
  clock
  store_until=$((clock + timeout))
  until argument_of "$3" --requirepass | in_container "$3" "$2" ready >/dev/null 2>&1; do
    clock
    [ "$clock" -lt "$store_until" ] || { why="$1 does not take connections within $timeout s"; return 1; }
    case $(timeout 60 docker inspect --format '{{.State.Status}}' "$3" 2>/dev/null) in running|created|restarting) ;; *) why="$1 has ended while it started on an empty folder"; return 1 ;; esac
    sleep 1
  done
}

# fill_servers FOLDER: what has to be told by a server that runs; their containers are up. Fails with $why.
fill_servers() {
  while IFS='|' read -r store_name store_kind store_service store_id store_running store_path store_file; do
    case $store_kind in volume|sqlite|redis) continue ;; esac
    restore_says "$store_name"
    why=
    # It may have been made anew.
    store_id=$(timeout 60 docker ps -q --no-trunc --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$store_service" --filter label=com.docker.compose.oneoff=False </dev/null | head -n 1)
    [ -n "$store_id" ] || { why="$store_name: the service $store_service does not run"; return 1; }
    await_store "$store_name" "$store_kind" "$store_id" </dev/null || return 1
    gzip -dc "$1/$store_file" | fill_server "$store_name" "$store_kind" "$store_id" "$store_path" >"$work/store-error" 2>&1
    store_status=$?
    [ $store_status = 0 ] || {
      store_said=$(error_of "$work/store-error")
      why="$store_name: ${store_said:-what restores it ended with exit status $store_status, and said nothing}"
      return 1
    }
  done <"$work/filling"
}
# The line that says what is wrong; what a client prints last may only point at it.
error_of() {
  { grep -iE '(error|fatal)' "$1" || grep -v '^ *$' "$1" | tail -n 1; } | head -n 1 | cut -c1-300
}
fill_server() {
  case $2 in
    command) "data_$4_restore" timeout "$data_timeout" docker exec -i "$3" ;;
    *) in_container "$3" "$2" fill ;;
  esac
}

# The services whose servers have to run for that.
serving_stores() { awk -F'|' '$2 != "volume" && $2 != "sqlite" && $2 != "redis" { print $3 }' "$work/filling" | sort -u | tr '\n' ' '; }
