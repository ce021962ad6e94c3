# shellcheck shell=sh
# In a copy: what the runner is told to restore, and the dump where it was lent by the machine that this is a copy of.

set -eu
umask 077
cd "$base"
mkdir -p data/dumps
if [ -n "$lent" ]; then
  # Whoever proves another one at the same time has lent that instead.
  [ -d "data/lent/$dump" ] || { echo "the dump is not in the copy: is another proof under way?" >&2; exit 1; }
  rm -rf "data/dumps/$dump"
  mv -T "data/lent/$dump" "data/dumps/$dump"
fi
printf %s "$told" >data/restore
