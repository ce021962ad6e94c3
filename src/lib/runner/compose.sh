# shellcheck shell=sh
# A release as what `docker compose` is told: its plan, files, pinned images and variables.

# include ../app-folder/compose-program.sh
# What zebu adds to the files of the commit: the front proxy, where its files are kept, folders that outlive the release,
# pinned images, and digests of what Compose does not look at.
overlays() {
  images=
  for overlay in proxy files shared images digests; do
    [ ! -s "$release/$overlay.yml" ] || images="$images -f $release/$overlay.yml"
  done
}

# What .env holds beside secrets is part of the release. Where there was no .env, as in CI, it is what the live release has.
place_settings() {
  [ -n "$settings_from" ] && [ ! -e "$1/settings.env" ] || return 0
  if [ "$settings_from" = live ]; then place_from=$base/current/settings.env; else place_from=''; fi
  # What is empty is never half written.
  if [ -n "$place_from" ] && [ ! -s "$place_from" ] || [ -z "$place_from$settings" ]; then : >"$1/settings.env"; return; fi
  if [ -n "$place_from" ]; then cat "$place_from"; else printf '%s' "$settings"; fi >"$1/settings.env.new"
  mv "$1/settings.env.new" "$1/settings.env"
}

# is_newest VERSION.env: nothing was stored after it.
is_newest() {
  for other in "$base"/shared/secrets/[0-9]*.env; do
    other=${other##*/}
    [ "${other%.env}" -le "${1%.env}" ] 2>/dev/null || return 1
  done
}

# Sets $places to where Compose looks for .env: in the project directory, and in the folder of zebu.yml, which counts first.
env_places() {
  places=$directory/.env
  [ "$directory" = "$tree" ] || places="$places $tree/.env"
}

# Whether such a .env, that of the project directory where none is named, is the link that zebu has made (link_env_file). One of the commit is
# what it leads to, as for Compose.
linked_env_file() { [ -L "${1:-$directory/.env}" ] && [ "$(readlink "${1:-$directory/.env}")" = "$base/shared/secrets/env_file" ]; }
# Those that are, a line each.
env_links() {
  env_places
  for each in $places; do
    ! linked_env_file "$each" || printf '%s\n' "$each"
  done
}
links_env_file() { linked_env_file || linked_env_file "$tree/.env"; }

# Sets $environment to those of the commit, the last one first.
committed_env() {
  environment=
  env_places
  for each in $places; do
    [ ! -f "$each" ] || linked_env_file "$each" || environment="$environment${environment:+ }--env-file $each"
  done
}

load() {
  # A shell ends at once where it cannot read what it is told to.
  [ -f "$1/plan" ] || return 1
  [ -z "$work" ] || drop "$work/config"
  config_sum='' plain='' taken='' recalled='' own_services='' left_told=''
  images='' environment='' release_service='' probes=0 client_wait=0 snapshot_wait=0 snapshot_when='' probation=0
  directory='' strategy='' strategies='' drain=0 routes='' proxy_compose='' proxy_config='' proxy_authority='' proxy_tried='' certificate='' certificate_held='' certificate_domains='' parallel='' app_weight=0 release_env='' settings='' settings_from='' registries='' registry_secrets='' attended='' rebuild=''
  dump_when=never data_stores='' data_volumes='' data_timeout=3600 data_keep_last=7 data_keep_days=7 data_offsite_repository='' data_offsite_password='' data_offsite_environment='' data_offsite_keep=''
  # shellcheck disable=SC1091 # written by zebu
  . "$1/plan" || return 1
  release=$1
  [ -z "$proxy_compose" ] || [ -s "$1/proxy.yml" ] || printf '%s' "$proxy_compose" >"$1/proxy.yml"
  [ -z "$release_env" ] || [ -s "$1/release.env" ] || printf '%s' "$release_env" >"$1/release.env"
  place_settings "$1"
  overlays
  tree=$1/${folder%/}
  # Compose's project directory is the folder of the first of its files; the plans of an older zebu do not name it.
  [ -n "$directory" ] || directory=$folder
  directory=$1/${directory%/}
  # Zebu's own is made of the settings and secrets below.
  committed_env
  [ ! -s "$1/settings.env" ] || environment="$environment --env-file $1/settings.env"
  [ -n "$secrets" ] && environment="$environment --env-file $base/shared/secrets/$secrets"
  # What was rotated is the same for every release. The newest version has it already, and perhaps a newer value still.
  [ -s "$base/shared/secrets/bound.env" ] && ! is_newest "$secrets" && environment="$environment --env-file $base/shared/secrets/bound.env"
  [ ! -s "$1/release.env" ] || environment="$environment --env-file $1/release.env"
  return 0
}

# Whether a Compose file of the release says what a pattern finds: one of app.compose, or, where those bring others in (include,
# extends), any YAML of the commit.
compose_says() (
  cd "$tree" || exit 1
  pattern=$1
  set --
  for each in $files; do
    case $each in -*) ;; *) set -- "$@" "$each" ;; esac
  done
  brings='(^|[^A-Za-z0-9_-])(include|extends)"?[[:space:]]*:'
  grep -qsE -e "$pattern" -e "$brings" "$@" || exit 1
  grep -qsE "$pattern" "$@" && exit 0
  grep -qsE "$brings" "$@" || exit 1
  [ -n "$(grep -rlsE --include='*.y*ml' "$pattern" . | head -n 1)" ]
)

# Whether no Compose file, and no .env that Compose reads, says any of the words by which others are read, services are left out, or values
# come from the connection, the name of the release, or zebu itself. A backslash may hide one, and the two bytes that begin UTF-16.
plain_files() {
  [ -n "$plain" ] || plain=$(
    cd "$tree" || exit 1
    set --
    for each in $files; do
      case $each in -*) ;; *) set -- "$@" "$each" ;; esac
    done
    env_places
    for each in $places; do [ ! -e "$each" ] || set -- "$@" "$each"; done
    LC_ALL=C grep -qsE "profiles|include|extends|env_file|label_file|SSH_|XDG_|ZEBU_|GOGC|[\\$(printf '\376\377')]" "$@"
    echo $?
  )
  # 2 is for what cannot be read.
  [ "$plain" = 1 ]
}

# With Go's own setting Compose spends a third of its time on collecting garbage that it could leave lying. Where a file may ask for that
# variable it has what somebody said.
# shellcheck disable=SC2086 # options and names, each free of blanks: the plan's splitting is meant
compose() {
  cd "$tree" || return
  set -- --progress plain -p "$project" --project-directory "$directory" $files $images $environment "$@"
  if plain_files; then GOGC=400 timeout "$limit" $compose_program "$@"; else timeout "$limit" $compose_program "$@"; fi
}
