# shellcheck shell=sh
# usage_before: prints what the processes of all containers have used so far. usage: reads `PID NAME` lines and prints
# `usage=NAME CPU MEMORY`, from what was in $used before, at least $sample seconds later. The kernel's own counters, cgroup v2 or
# v1: `docker stats` takes two seconds for the same numbers.

usage_before() {
  # Processes come and go meanwhile.
  cat /proc/[0-9]*/cgroup 2>/dev/null | awk '
# include ./usage-before.awk
  '
}

usage() {
  used=$used awk -v sample="$sample" '
# include ./usage.awk
  '
}
