# shellcheck shell=sh
# Sees to it that what the script finds in its cache is whole. The script takes what is there for ever, even half a download; with the
# publisher's sums at hand it is checked, downloaded and checked. Without them only a damaged file is removed. Prints `sums=` yes or no;
# `image=` present, downloaded, sound, absent, unreachable or mismatch; and `removed=` with the reason. While it downloads, `total=` once,
# 0 where the publisher does not say, and `bytes=` again and again.

name=$(basename "$file")
part="$file.zebu-part"
watcher=
trap '[ -z "$watcher" ] || kill "$watcher" 2>/dev/null; rm -f "$part"' EXIT
trap 'exit 1' HUP INT TERM
lines=$(curl -fsSL --connect-timeout 10 --max-time 30 "$sums") && fetched=yes || fetched=no
want=$(printf '%s\n' "$lines" | awk -v name="$name" '$2 == name || $2 == "*" name { print $1 }')
echo "sums=$fetched"
digest() { "${algorithm}sum" "$1" | cut -d ' ' -f 1; }
if [ -e "$file" ]; then
  if [ -n "$want" ]; then
    [ "$(digest "$file")" != "$want" ] || { echo image=present; exit 0; }
    echo removed=outdated
    rm -f "$file"
  elif qemu-img check -q "$file" >/dev/null 2>&1; then echo image=sound; exit 0
  else echo removed=damaged; rm -f "$file"
  fi
fi
[ -n "$want" ] || { echo image=absent; exit 0; }
mkdir -p "$(dirname "$file")"
head=$(curl -fsSLI --connect-timeout 10 --max-time 30 "$url") || head=
printf '%s\n' "$head" | awk 'tolower($1) == "content-length:" { n = $2 } END { print "total=" n + 0 }'
# A sleep that outlives the loop must not hold the output open; nor does the loop outlive what it watches for, whose traps are not its own:
# a signal that came before they are gone would be lost.
( trap - EXIT HUP INT TERM
  while sleep 2 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do [ ! -e "$part" ] || echo "bytes=$(wc -c <"$part")"; done ) &
watcher=$!
curl -fsSL --connect-timeout 20 --retry 2 -o "$part" "$url" || { echo image=unreachable; exit 0; }
[ "$(digest "$part")" = "$want" ] || { echo image=mismatch; exit 0; }
mv "$part" "$file"
echo image=downloaded
