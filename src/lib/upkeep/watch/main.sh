# shellcheck shell=sh
# The program of the unit: one look, and what has changed since the one before. In the folder `watch` of the app:
#   state    the health now: well, or what is wrong; since when; when it was looked last; when it was looked first
#   known    what is wrong, and for how many looks, see change.awk
#   history  what was wrong and is over, a line each, the last ones: since, until, kind, words, separated by tabs
#   counts   restarts of containers within ten minutes
#   heals    when a service was restarted, see heal.sh

umask 077
cd "$base/watch" || exit 1
[ -f "$base/current/plan" ] || exit 0
! at_work || exit 0
rm -rf "/dev/shm/zebu@watch@$app".*
work=$(mktemp -d "/dev/shm/zebu@watch@$app.XXXXXX" 2>/dev/null || mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' TERM INT HUP
release=$base/current
now=$(date +%s)
: >"$work/judged"
if look; then
  : >"$work/recorded"
  if [ -f "$base/current/containers" ]; then
    intents=$base/current/intents
    [ -f "$intents" ] || intents=/dev/null
    # What may come to its end may be gone by now (runner/intent.sh; app-folder/drift.ts).
    awk -F'|' -v OFS='|' '
      FILENAME == ARGV[1] { cut = index($0, " "); word[substr($0, 1, cut - 1)] = substr($0, cut + 1); some = 1; next }
      some && word[$1] != "serves" && word[$1] != "stays" { $4 = 0 }
      { print }' "$intents" "$base/current/containers" >"$work/recorded"
  fi
  if [ -f "$base/stopped" ]; then cp "$base/stopped" "$work/stopped"; else : >"$work/stopped"; fi
  [ -f counts ] || : >counts
  meant <"$work/now" >"$work/meant"
  recorded=
  [ ! -s "$work/recorded" ] || recorded=1
  # shellcheck disable=SC2154 # set by whoever puts this in front
  awk -F'|' -v now="$now" -v window=600 -v recorded="$recorded" "$judge" "$work/recorded" "$work/stopped" counts "$work/meant" >"$work/judged"
  awk -F' ' -v now="$now" '$1 >= now - 600' counts >"$work/counts"
  awk -F'\t' -v now="$now" '$1 == "count" { print now, $2, $3 }' "$work/judged" >>"$work/counts"
else printf 'health\tdown\t\tDocker does not answer\n' >"$work/judged"
fi
# What began meanwhile is judged by itself.
! at_work || exit 0
{
  grep -E '^(health|drifted)	' "$work/judged"
  look_at_disk
  look_at_certificates
  look_at_proof
  look_at_reboot
} >"$work/wrong"
hold=0
! grep -q '^hold	' "$work/judged" || hold=1
[ -f known ] || : >known
# shellcheck disable=SC2154 # set by whoever puts this in front
awk -v now="$now" -v hold=$hold "$change" known "$work/wrong" >"$work/changed" || exit 1
[ ! -f "$work/counts" ] || cp "$work/counts" counts
sed -n 's/^known	//p' "$work/changed" >known.new
began=$now was=
[ ! -f state ] || read -r was since _ began <state
health=$(awk -F'\t' '$1 == "health" && $6 != "" { n = split($6, each, " "); print each[n] }' known.new)
health=${health:-well}
[ "$was" = "$health" ] || since=$now
# It is so since it was first seen, and not since it was told.
case $health in
  well) [ "$was" = well ] || [ -z "$was" ] || since=$(awk -F'\t' '$1 == "past" && $2 > 0 { print $3 }' "$work/changed" | tail -n 1) ;;
  *) since=$(awk -F'\t' '$1 == "health" { print $2 }' known.new) ;;
esac
sed -n 's/^past	//p' "$work/changed" >"$work/past"
if [ -s "$work/past" ]; then { tail -n 299 history 2>/dev/null; cat "$work/past"; } >history.new && mv history.new history; fi
mv known.new known
echo "$health ${since:-$now} $now $began" >state.new && mv state.new state
sed -n 's/^event	//p' "$work/changed" >"$work/events"
while IFS='	' read -r kind members; do event "$base" "$kind" "$members"; done <"$work/events"
order_heal
