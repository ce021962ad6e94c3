# shellcheck shell=sh
# What of the app's data is to be dumped, found in the containers that are there and in what zebu.yml says: $data_stores, a line each of
# name|kind|service|path, and $data_volumes, names of volumes and SERVICE:/PATH.

# Containers as Docker has them, fields separated by tabs: service id running image program environment.
# shellcheck disable=SC2016 # a template of Docker's
store_fields='{{index .Config.Labels "com.docker.compose.service"}}{{"\t"}}{{.Id}}{{"\t"}}{{.State.Running}}{{"\t"}}{{.Config.Image}}{{"\t"}}{{json .Path}} {{json .Args}}{{"\t"}}{{json .Config.Env}}'

# Reads them and writes the stores: name|kind|service|id|running|path. The environment has passwords: of it only
# names are looked at, and none is written.
choose_stores() {
  LC_ALL=C awk -F'\t' -v OFS='|' -v stores="$data_stores" -v volumes="$data_volumes" '
    function has(name) { return $6 ~ ("[[,]\"" name "=") }
    # An image by its name, or by what the official one leaves in the environment of those that are made from it.
    function kind_of(image, command,   base) {
      base = image
      sub(/@.*/, "", base); sub(/:[^\/:]*$/, "", base); sub(/.*\//, "", base)
      if ((base ~ /^(postgres|postgis|pgvector|timescaledb|timescaledb-ha)$/ || has("PG_MAJOR")) && runs(command, "postgres")) return "postgres"
      if ((base == "mariadb" || has("MARIADB_VERSION")) && runs(command, "mariadbd|mysqld|mariadbd-safe|mysqld_safe")) return "mariadb"
      if ((base ~ /^(mysql|percona|percona-server)$/ || has("MYSQL_VERSION") || has("MYSQL_MAJOR")) && runs(command, "mysqld|mysqld_safe")) return "mysql"
      if ((base == "mongo" || has("MONGO_VERSION") || has("MONGO_MAJOR")) && runs(command, "mongod")) return "mongo"
      if ((base ~ /^(redis|valkey|redis-stack-server)$/ || has("REDIS_VERSION") || has("VALKEY_VERSION") || has("REDIS_DOWNLOAD_URL") || has("VALKEY_DOWNLOAD_URL")) && runs(command, "redis-server|valkey-server|redis-stack-server")) return "redis"
      return ""
    }
    # The program is the server: not a client of the same image that migrates, or dumps by itself. Options alone are for the server.
    function runs(command, names) {
      return command ~ ("[\"/ ](" names ")([\" ]|\\\\)") || command ~ /" \["-/ || command ~ /" (\[\]|null)$/
    }
    # One that runs counts, and of several the first.
    !($1 in id) || (running[$1] != "true" && $3 == "true") { if (!($1 in id)) names[++n] = $1; id[$1] = $2; running[$1] = $3; kind[$1] = kind_of($4, $5) }
    END {
      m = split(stores, line, "\n")
      for (i = 1; i <= m; i++) {
        if (line[i] == "") continue
        split(line[i], field, "|")
        said[field[3]] = 1
        if (field[2] != "none") print field[1], field[2], field[3], id[field[3]], running[field[3]], field[4]
      }
      for (i = 1; i <= n; i++) if (kind[names[i]] != "" && !(names[i] in said)) print names[i], kind[names[i]], names[i], id[names[i]], running[names[i]], ""
      m = split(volumes, each, " ")
      for (i = 1; i <= m; i++) {
        at = index(each[i], ":")
        service = at ? substr(each[i], 1, at - 1) : ""
        path = at ? substr(each[i], at + 1) : each[i]
        label = each[i]
        gsub(/[^A-Za-z0-9._-]+/, "-", label)
        print label, "volume", service, id[service], "", path
      }
    }'
}

# Sets $work/stores. Fails where Docker does not answer.
find_stores() {
  store_ids=$(timeout 120 docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False) || return 1
  # shellcheck disable=SC2086 # ids, a word each
  { [ -z "$store_ids" ] || timeout 120 docker inspect --format "$store_fields" $store_ids; } | choose_stores >"$work/stores"
}

# Where data lies in the VM: root's, so root is asked.
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# mounts_of CONTAINER: type|source in the VM|name of the volume|place, of each mount that can be written.
# shellcheck disable=SC2016 # a template of Docker's
mounts_of() { timeout 60 docker inspect --format '{{range .Mounts}}{{if .RW}}{{.Type}}|{{.Source}}|{{.Name}}|{{.Destination}}{{"\n"}}{{end}}{{end}}' "$1"; }

# place_of TYPE SOURCE VOLUME: prints the folder itself. Fails with $why where it is on something that cannot be put aside by renaming.
place_of() {
  if [ "$1" = volume ]; then
    # shellcheck disable=SC2016 # a template of Docker's
    volume_options=$(timeout 60 docker volume inspect --format '{{.Driver}}|{{with .Options}}{{index . "type"}}|{{index . "o"}}|{{index . "device"}}{{end}}' "$3") || { why="there is no volume $3"; return 1; }
    case $volume_options in
      'local|'*bind*'|/'*) printf '%s\n' "${volume_options##*|}" ;;
      'local|') printf '%s\n' "$2" ;;
      *) why="the volume $3 has a driver or options of its own"; return 1 ;;
    esac
  else printf '%s\n' "$2"
  fi
}

# place_in CONTAINER PATH: where a path of a container lies in the VM. Fails with $why.
place_in() {
  mounts_of "$1" >"$work/mounts" || { why='Docker does not answer'; return 1; }
  place_line=$(LC_ALL=C awk -F'|' -v path="$2" '
    NF > 3 && (path == $4 || index(path, $4 "/") == 1) && length($4) > best { best = length($4); found = $0 }
    END { print found }' "$work/mounts")
  [ -n "$place_line" ] || { why="$2 is in no volume"; return 1; }
  IFS='|' read -r place_type place_source place_volume place_target <<END
$place_line
END
  place_root=$(place_of "$place_type" "$place_source" "$place_volume") || return 1
  printf '%s%s\n' "$place_root" "${2#"$place_target"}"
}

# folder_of_volume KEY: of a volume as the Compose files name it.
folder_of_volume() {
  volume_name=$(timeout 60 docker volume ls -q --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.volume=$1" | head -n 1)
  [ -n "$volume_name" ] || volume_name=$1
  # shellcheck disable=SC2016 # a template of Docker's
  volume_source=$(timeout 60 docker volume inspect --format '{{.Mountpoint}}' "$volume_name" 2>/dev/null) || { why="there is no volume $1"; return 1; }
  place_of volume "$volume_source" "$volume_name"
}
