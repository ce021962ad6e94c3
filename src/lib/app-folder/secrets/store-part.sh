# shellcheck shell=sh
# Makes a version of what `.incoming/secrets` is to hold (see secretBundle), by name over the latest one: a name that was not sent
# keeps its value. Under the lock, in the app's folder, umask 077. Sets `version` to the file in force, which with $suffix is in place
# only once the runner has begun with it.
#
# The values are never in another file than in shared/secrets and .incoming, both owner-only, and are in place by rename.

# include ../statuses.sh
# include ../take-part.sh
take_part .incoming/secrets "$secrets_size"
# include ./latest.sh
trap 'rm -rf .incoming' EXIT
[ $((latest + 0)) = "$expected" ] || { echo changed >&2; exit "$CHANGED"; }
[ -s "$store/key" ] || sed -n 1p .incoming/secrets >"$store/key"
next=$((latest + 1))
sed -n 2p .incoming/secrets >.incoming/record
sed 1,2d .incoming/secrets >.incoming/lines
: >.incoming/before
[ -z "$latest" ] || cp "$store/$latest.env" .incoming/before
awk -F= 'FILENAME == ARGV[1] { name = $1; if (sub(/^-/, "", name)) gone[name] = 1; else { line[$1] = $0; order[++n] = $1 }; next }
  ($1 in gone) { next } ($1 in line) { print line[$1]; delete line[$1]; next } { print }
  END { for (i = 1; i <= n; i++) if (order[i] in line) print line[order[i]] }' .incoming/lines .incoming/before >.incoming/merged
mv .incoming/record "$store/$next.json$suffix"
mv .incoming/merged "$store/$next.env$suffix"
version=$next.env
# Those that releases refer to stay, however many.
# shellcheck disable=SC2012 # names of our own
ls "$store" | sed -n 's/^\([0-9][0-9]*\)[.]env$/\1/p' | sort -rn | tail -n "+$((kept + 1))" | while read -r old; do
  grep -qsx "secrets=$old.env" releases/*/plan || rm -f "$store/$old.env"
done
# Of a zebu before this one.
rm -f "$store/redact.sed"
sync "$store/$version$suffix" "$store" 2>/dev/null || sync
trap - EXIT
rm -f .incoming/secrets .incoming/lines .incoming/before .incoming/merged
