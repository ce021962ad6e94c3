/** A release as what `docker compose` is told: its plan, files, pinned images and variables. */
export const COMPOSE = String.raw`
load() {
  hook= images= environment= strategy= strategies= drain=0 routes= proxy_compose= proxy_config=
  . "$1/plan"
  release=$1
  [ -s "$1/images.yml" ] && images="-f $1/images.yml"
  if [ -n "$proxy_compose" ]; then
    [ -s "$1/proxy.yml" ] || printf '%s' "$proxy_compose" >"$1/proxy.yml"
    images="-f $1/proxy.yml $images"
  fi
  tree=$1/$folder
  [ -f "$tree/.env" ] && environment="--env-file $tree/.env"
  [ -n "$secrets" ] && environment="$environment --env-file $base/shared/secrets/$secrets"
  # What the data in volumes was made with is the same for every release.
  [ -s "$base/shared/secrets/bound.env" ] && environment="$environment --env-file $base/shared/secrets/bound.env"
  return 0
}

# Word splitting is meant: the plan holds options, each free of blanks.
compose() { cd "$tree" && timeout "$limit" docker compose --progress plain -p "$project" --project-directory "$tree" $files $images $environment "$@"; }
`;
