# shellcheck shell=sh
# Adds the line on standard input to what is known of backups that were restored; the last ones are kept, and the last good one.

set -eu
umask 077
cd "$base"
good=$(grep -F '"proven":true' proofs.jsonl 2>/dev/null | tail -n 1 || :)
{ tail -n 49 proofs.jsonl 2>/dev/null || :; cat; } >proofs.new
[ -z "$good" ] || grep -qF '"proven":true' proofs.new || { { printf '%s\n' "$good"; cat proofs.new; } >proofs.new2; mv proofs.new2 proofs.new; }
mv proofs.new proofs.jsonl
