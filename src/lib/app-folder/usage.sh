# shellcheck shell=sh
# usage: reads `PID NAME` lines and prints `usage=NAME CPU MEMORY`, from two readings $sample seconds apart. The kernel's own
# counters, cgroup v2 or v1: `docker stats` takes two seconds for the same numbers.

usage() {
  awk -v sample="$sample" '
# include ./usage.awk
  '
}
