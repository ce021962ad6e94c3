/** Arguments, and what every other part relies on. */
export const START = String.raw`#!/bin/sh
mode=$1 base=$2 id=$3
umask 022
trap '' HUP PIPE
release=$base/releases/$id
[ "$mode" = secrets ] && release=$base/$(readlink "$base/current")
# What takes secret values out of everything that is written.
masks=$base/shared/secrets/redact.sed
[ -f "$masks" ] || masks=/dev/null
journal=$base/journals/$id.jsonl
work=$(mktemp -d "$base/.run.XXXXXX") || exit 1
trap '[ -z "$watcher" ] || kill "$watcher" 2>/dev/null; rm -rf "$work"' EXIT
started=$(date +%s)
step=start
verdict= watcher= gap= only= front=
`;
