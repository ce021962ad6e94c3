# shellcheck shell=bash
# Runs "$@" without its output, and prints `WALL USER SYSTEM`, in seconds, its children included.

TIMEFORMAT='%3R %3U %3S'
{ time "$@" 2>&3 >/dev/null; } 3>&2 2>&1
