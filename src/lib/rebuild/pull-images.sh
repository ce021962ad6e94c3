# shellcheck shell=sh
# Pulls the images "$@" that are not there, with the logins of the live release. $tokens has lines of what commands printed.

# include ../app-folder/registry-login.sh
cd "$base" || exit 1
work=$(mktemp -d) || exit 1
trap 'forget_authorities; rm -rf "$work"' EXIT
registries='' secrets='' cause='' reason=''
# shellcheck disable=SC1091 # written by zebu
[ ! -f current/plan ] || . ./current/plan
missing=
for image; do timeout 60 docker image inspect "$image" >/dev/null 2>&1 || missing="$missing $image"; done
[ -n "$missing" ] || exit 0
if [ -n "$registries" ]; then
  tokens=$(printf '%s\n' "$tokens"; cat "shared/secrets/$secrets" 2>/dev/null)
  # shellcheck disable=SC2086 # hosts, each free of blanks
  open_logins $registries
  each_registry "$registries" log_in || { echo "$reason" >&2; exit 1; }
  tokens=
  export DOCKER_CONFIG="$work/docker"
fi
for image in $missing; do
  echo "$image"
  timeout 3000 docker pull -q "$image" >/dev/null || exit 1
done
