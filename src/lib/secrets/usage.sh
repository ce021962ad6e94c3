# shellcheck shell=sh
# Prints the configuration of the live release with markers in place of its secrets, as JSON, behind `secret=NAME` for each that is in the .env
# that zebu makes; nothing where there is none.

[ -e "$base/current/plan" ] || exit 0
work=$(mktemp -d "$base/.run.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
limit=120
# include ../app-folder/gone.sh
# include ../runner/compose.sh
# include ../app-folder/secrets/markers.sh
load "$base/$(readlink "$base/current")"
[ -n "$secrets" ] || exit 0
awk -F= -v tokens=" $registry_secrets " '/^[A-Za-z_][A-Za-z0-9_]*=/ && !index(tokens, " " $1 " ") { print "secret=" $1 }' "$base/shared/secrets/$secrets"
marked_config json
