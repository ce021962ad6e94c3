# shellcheck shell=sh
# Defines `compose`: the Docker client with exactly the files, images and secrets of the live release, as the runner started it.
# Without the runner's `timeout`, which would take the terminal away.

# include ../app-folder/statuses.sh
cd "$base" 2>/dev/null || exit "$MISSING"
# include ../app-folder/current-link.sh
case $link in
  live) ;;
  none) exit "$MISSING" ;;
  *) exit "$BROKEN" ;;
esac
live=$(readlink current)
# include ../runner/compose.sh
load "$base/$live"
# shellcheck disable=SC2086 # options, each free of blanks
compose() { cd "$tree" && $compose_program -p "$project" --project-directory "$directory" $files $images $environment "$@"; }
