# shellcheck shell=sh
# The end of a run's beginning: hands over to the runner, which outlives this shell; the shell goes on to show its journal. With a
# commit the release is made of it first, with the secrets of $version where that was made just now.

place_runner
set -- start "$mode" "$base" "$id" "$run"
if [ -n "$commit" ]; then
  set -- "$@" "$commit" "$pack"
  [ "$secrets_size" = 0 ] || set -- "$@" "$version"
fi
exec sh runner "$@" 7<&-
