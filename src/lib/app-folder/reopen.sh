# shellcheck shell=sh
# The journal of a run that was left open is without an end again, before it is ended.

# reopen_journal FILE: who has seen its end has it still open, under no name.
reopen_journal() {
  ! grep -qs '^{"t":[0-9]*,"end":' "$1" || { grep -v '^{"t":[0-9]*,"end":' "$1" >"$1.new" && mv -T "$1.new" "$1"; }
}
