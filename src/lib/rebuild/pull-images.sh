# shellcheck shell=sh
# Pulls the images "$@" of the live release that are not there, with its logins, and those of older releases, $older. One of these that is
# not to be had is no failure: its name is printed. $tokens has lines of what commands printed.

# include ../app-folder/registry-login.sh
cd "$base" || exit 1
work=$(mktemp -d) || exit 1
trap 'forget_authorities; rm -rf "$work"' EXIT
registries='' secrets='' cause='' reason=''
# shellcheck disable=SC1091 # written by zebu
[ ! -f current/plan ] || . ./current/plan
missing='' missing_older=''
for image; do timeout 60 docker image inspect "$image" >/dev/null 2>&1 || missing="$missing $image"; done
for image in $older; do timeout 60 docker image inspect "$image" >/dev/null 2>&1 || missing_older="$missing_older $image"; done
[ -n "$missing$missing_older" ] || exit 0
if [ -n "$registries" ]; then
  tokens=$(printf '%s\n' "$tokens"; cat "shared/secrets/$secrets" 2>/dev/null)
  # shellcheck disable=SC2086 # hosts, each free of blanks
  open_logins $registries
  each_registry "$registries" log_in || { echo "$reason" >&2; exit 1; }
  tokens=
  export DOCKER_CONFIG="$work/docker"
fi
for image in $missing; do
  timeout 3000 docker pull -q "$image" >/dev/null || exit 1
done
# shellcheck disable=SC2086 # names, each free of blanks
for image in $missing_older; do timeout 3000 docker pull -q $image >/dev/null || echo "$image"; done
