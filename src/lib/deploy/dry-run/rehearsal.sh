# shellcheck shell=sh
# What a deploy of the $commit would find, without a trace: objects and checkout are put into a folder of their own that borrows the
# app's objects, and goes when the script ends. Secrets are rendered as markers; no value is read.

set -u
umask 077
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
release=$work/release
mkdir -p "$release/tree"
cd "$work" || exit 1
# include ../../app-folder/take-part.sh
take_part plan "$plan_size"
take_part markers "$markers_size"
{ cat plan; echo "secrets="; } >"$release/plan"
git init -q --bare repo.git || exit 1
[ -d "$base/repo.git" ] && echo "$base/repo.git/objects" >repo.git/objects/info/alternates
if [ "$pack" = 1 ]; then git --git-dir=repo.git index-pack --stdin --fix-thin >/dev/null || exit 1; else cat >/dev/null; fi
# include ../../app-folder/gone.sh
# include ../../runner/checkout.sh
# include ../../runner/compose.sh
# include ../../runner/reason.sh
# include ../../runner/config.sh
# include ../../runner/unread.sh
# include ../../runner/env-file.sh
# include ../../runner/strategy.sh
# include ../../runner/sources.sh
# include ../../runner/mounts.sh
# include ../../runner/data.sh
# include ../../runner/tend.sh
# include ../../runner/files.sh
# include ../../runner/standing.sh
# include ../../app-folder/secrets/markers.sh
# With the modes that it has in a deploy. Nobody else comes into $work.
( umask 022; checkout_commit repo.git "$release/tree" "$work/index" "$commit" ) || exit 1
limit=120 masks=/dev/null
# shellcheck disable=SC2317 # called by a part
logged() { :; }
# No pinned images: what the commit itself says, and where its data is.
own_files() {
  images=
  for overlay in proxy shared; do [ ! -s "$release/$overlay.yml" ] || images="$images -f $release/$overlay.yml"; done
}
# Compose ends its JSON without a newline.
section() { printf '\n@@%s\n' "$1"; }
# The same name for the release's folder in both.
marked() { sed -e "s|$1/|$mark/|g" "$2"; }

live=$(readlink "$base/current" 2>/dev/null)
previous=${live#releases/}
if [ -n "$live" ] && load "$base/$live"; then
  own_files
  section live-settings
  cat "$base/$live/settings.env" 2>/dev/null
  [ -n "$secrets" ] || environment="$environment --env-file $work/markers"
  if { if [ -n "$secrets" ]; then marked_config json; else compose config --format json; fi; } </dev/null >"$work/live" 2>/dev/null; then
    section live
    # With markers, its folder is another one.
    sed -e "s|$work/marked/|$base/$live/tree/|g" "$work/live" >"$work/live-here"
    marked "$base/$live" "$work/live-here"
  fi
fi

mv "$work/markers" "$work/names"
load "$work/release"
own_files
environment="$environment --env-file $work/names"
section settings
cat "$work/release/settings.env" 2>/dev/null
[ ! -s "$work/names" ] || secrets=names
rehearsed=
! wants_env_file || rehearsed=$directory
! wants_outer_env_file || rehearsed="$rehearsed $tree"
# shellcheck disable=SC2317 # called by a part
env_links() { for each in $rehearsed; do printf '%s\n' "$each/.env"; done; }
for each in $rehearsed; do rm -f "$each/.env"; cat "$work/release/settings.env" "$work/names" 2>/dev/null >"$each/.env"; done
if ! read_config; then
  section error
  compose_said
elif ! { check_given && map_mounts; }; then
  section refused
  printf '%s\n' "$reason"
elif own_files && [ -s "$release/shared.yml" ] && ! { rm "$work/config" && read_config; }; then
  section error
  compose_said
elif ! plan_standing; then
  section refused
  printf '%s\n' "$reason"
else
  section target
  marked "$work/release" "$work/config"
  section version
  $compose_program version --short
  section strategies
  with_own_volumes
  strategies <"$work/config"
  section tended
  cat "$work/tended"
  section paths
  cat "$work/said"
  unread
  given_openly "$work/names"
fi
section hooks
for each in pre-build pre-deploy post-deploy post-failure; do [ ! -f "$tree/.zebu/hooks/$each" ] || echo "$each"; done
section room
for place in "$base" /var/lib/docker; do
  df -Pk "$place" 2>/dev/null | awk -v place="$place" 'NR == 2 { print int($4 / 1024), place }'
done
section memory
awk '$1 == "MemAvailable:" || $1 == "SwapFree:" { sum += $2 } END { print int(sum / 1024) }' /proc/meminfo
section history
tail -n 50 "$base/releases.jsonl" 2>/dev/null
exit 0
