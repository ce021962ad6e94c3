# shellcheck shell=sh
# Prints the configuration of the live release with markers in place of its secrets, as JSON; nothing where there is none.

[ -e "$base/current/plan" ] || exit 0
work=$(mktemp -d "$base/.run.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
limit=120
# include ../app-folder/gone.sh
# include ../runner/compose.sh
# include ../app-folder/secrets/markers.sh
load "$base/$(readlink "$base/current")"
[ -n "$secrets" ] || exit 0
marked_config json
