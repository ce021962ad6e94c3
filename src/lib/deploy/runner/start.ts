/** Arguments, and what every other part relies on. */
export const START = String.raw`#!/bin/sh
mode=$1 base=$2 id=$3
umask 022
trap '' HUP PIPE
release=$base/releases/$id
journal=$base/journals/$id.jsonl
work=$(mktemp -d "$base/.run.XXXXXX") || exit 1
trap '[ -z "$watcher" ] || kill "$watcher" 2>/dev/null; rm -rf "$work"' EXIT
started=$(date +%s)
step=start
verdict= watcher= gap= only= front=
`;
