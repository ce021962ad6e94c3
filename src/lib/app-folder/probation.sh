# shellcheck shell=sh
# The live release may be on probation. The file `probation` says which it is, what is gone back to, and for how long, since when;
# `probation.left` what whoever watches saw left of that last, so that the time in which the machine was off does not count.

# read_probation: sets pr_id, pr_run, pr_previous and pr_left, seconds. Fails where there is none.
read_probation() {
  pr_id='' pr_run='' pr_previous='' pr_left=0 pr_boot='' pr_uptime=0
  # shellcheck disable=SC1091 # written by the runner
  { [ -f "$base/probation" ] && . "$base/probation"; } || return 1
  [ -n "$pr_id" ] || return 1
  read -r pr_this </proc/sys/kernel/random/boot_id
  IFS=. read -r pr_now _ </proc/uptime
  pr_of=
  [ ! -f "$base/probation.left" ] || read -r pr_of pr_seen pr_seen_boot pr_seen_uptime <"$base/probation.left"
  [ "$pr_of" != "$pr_run" ] || { pr_left=$pr_seen pr_boot=$pr_seen_boot pr_uptime=$pr_seen_uptime; }
  [ "$pr_boot" != "$pr_this" ] || pr_left=$((pr_left - pr_now + pr_uptime))
  [ "$pr_left" -ge 0 ] || pr_left=0
}

# What is left now, for when the machine goes down.
note_probation() { printf '%s %s %s %s\n' "$pr_run" "$pr_left" "$pr_this" "$pr_now" >"$base/probation.left.new" && mv "$base/probation.left.new" "$base/probation.left"; }

forget_probation() {
  for each in "$base/probation" "$base/probation.left" "$base/probation.why"; do [ ! -e "$each" ] || rm -f "$each"; done
}
