# shellcheck shell=sh
# Prints each container of the $project as `container=`, in the $format that Docker writes itself; with $with_usage also what they and
# the machine use since before Docker was asked.

# include ./usage.sh
[ "$with_usage" != 1 ] || used=$(usage_before)
ids=$(docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$project") || exit 1
containers=
# shellcheck disable=SC2086 # ids, a word each
[ -z "$ids" ] || containers=$(docker inspect --format "$format" $ids) || [ -n "$containers" ] || exit 1
printf '%s\n' "$containers" | sed 's/^/container=/'
if [ "$with_usage" = 1 ]; then
# include ./machine.sh
  printf '%s\n' "$containers" | sed -n 's|.*"name":"/\([^"]*\)".*"pid":\([0-9]*\)}$|\2 \1|p' | usage
fi
