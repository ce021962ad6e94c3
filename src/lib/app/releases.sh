# shellcheck shell=sh
# Prints what is known of the releases, as `key=value` lines.

# include ../app-folder/order.sh
cd "$base" 2>/dev/null || exit 0
# include ../app-folder/current-lines.sh
for verified in releases/*/verified; do [ -f "$verified" ] && printf 'kept=%s\n' "$(basename "$(dirname "$verified")")"; done
turns . | sed 's/^/turn=/'
releases_in_order . | sed 's/^/place=/'
sed 's/^/record=/' releases.jsonl 2>/dev/null
exit 0
