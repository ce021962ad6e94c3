/** A release as what `docker compose` is told: its plan, files, pinned images and variables. */
export const COMPOSE = String.raw`
# What zebu adds to the files of the commit: the front proxy, folders that outlive the release, pinned images.
overlays() {
  images=
  for overlay in proxy shared images; do
    [ ! -s "$release/$overlay.yml" ] || images="$images -f $release/$overlay.yml"
  done
}

load() {
  [ -z "$work" ] || rm -f "$work/config"
  images= environment= release_service= probes=0 client_wait=0 snapshot_wait=0
  directory= strategy= strategies= drain=0 routes= proxy_compose= proxy_config= parallel= app_weight=0 release_env=
  . "$1/plan" || return 1
  release=$1
  [ -z "$proxy_compose" ] || [ -s "$1/proxy.yml" ] || printf '%s' "$proxy_compose" >"$1/proxy.yml"
  [ -z "$release_env" ] || [ -s "$1/release.env" ] || printf '%s' "$release_env" >"$1/release.env"
  overlays
  tree=$1/$folder
  # Compose's project directory is the folder of the first of its files; the plans of an older zebu do not name it.
  [ -n "$directory" ] || directory=$folder
  directory=$1/$directory
  # A link is what zebu made of the secrets below.
  [ -f "$directory/.env" ] && [ ! -L "$directory/.env" ] && environment="--env-file $directory/.env"
  [ -n "$secrets" ] && environment="$environment --env-file $base/shared/secrets/$secrets"
  # What the data in volumes was made with is the same for every release.
  [ -s "$base/shared/secrets/bound.env" ] && environment="$environment --env-file $base/shared/secrets/bound.env"
  [ ! -s "$1/release.env" ] || environment="$environment --env-file $1/release.env"
  return 0
}

# Word splitting is meant: the plan holds options, each free of blanks.
compose() { cd "$tree" && timeout "$limit" docker compose --progress plain -p "$project" --project-directory "$directory" $files $images $environment "$@"; }
`;
