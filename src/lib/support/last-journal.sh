# shellcheck shell=sh
# Prints the last $lines lines of the newest journal, after its name.

# include ../app-folder/order.sh
cd "$base" 2>/dev/null || exit 0
last=$(journals_in_order . | tail -n 1)
[ -n "$last" ] || exit 0
printf 'run=%s\n' "$last"
tail -n "$lines" "journals/$last.jsonl"
