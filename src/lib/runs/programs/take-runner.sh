# shellcheck shell=sh
# The runner, from standard input where runner_size says so, else the one that is there, which has to be the one that was seen.

# include ../../app-folder/statuses.sh
# include ../../app-folder/take-part.sh
# shellcheck disable=SC3013 # dash and ash know it, and it starts no program
take_runner() {
  if [ "$runner_size" -gt 0 ]; then take_part .incoming/runner "$runner_size"
  # The one that this shell has had open since it told its digest is not read once more.
  elif [ ! /proc/self/fd/7 -ef runner ] && [ "$(sha256sum <runner)" != "$runner_sum  -" ]; then
    echo changed >&2
    exit "$CHANGED"
  fi
}

# Where a run goes on with it at once.
place_runner() { [ ! -f .incoming/runner ] || mv .incoming/runner runner; }
