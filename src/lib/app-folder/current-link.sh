# shellcheck shell=sh
# Sets `link` in a script that is in the app's folder: `live`, `none` (nothing went live yet), or what is wrong with the link
# to the live release: missing, dangling, loop, other.

link=live
if [ -L current ]; then
  if [ ! -f current/plan ]; then
    link=dangling
    # shellcheck disable=SC2010 # what it says is asked, not what there is
    ! LC_ALL=C ls -L current 2>&1 >/dev/null | grep -q 'Too many levels' || link=loop
  fi
elif [ -e current ]; then link=other
elif grep -qs '"verdict":"live"' releases.jsonl; then link=missing
else link=none
fi
