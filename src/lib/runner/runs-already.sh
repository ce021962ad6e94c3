# shellcheck shell=sh
# A release that is told to Compose in the same words as the live one: what Compose made of them then it would make of them now, and where
# all of it runs, nothing is asked of Compose.

# A digest of all that Compose is told, but for the release's folder. With the key of the secrets, some of which are in it.
what_is_told() {
  { cat "$base/shared/secrets/key" 2>/dev/null
    for overlay in "$work/config" "$release"/proxy.yml "$release"/files.yml "$release"/shared.yml "$release"/images.yml "$release"/digests.yml; do
      [ ! -s "$overlay" ] || { printf '%s\n' "${overlay##*/}"; cat "$overlay"; }
    done; } | sed "s|$release/|@/|g" | sha256sum
}

# Leaves in $work what Compose has said of the same for the live release: its hashes, and what is expected. Fails where it was something
# else. Going back, everything is asked; and where a hook may have written files since they were read.
recall_hashes() {
  drop "$work/told"
  [ ! -f "$tree/.zebu/hooks/pre-deploy" ] && [ "$mode" = deploy ] && [ -n "$strict" ] && [ -s "$work/config" ] || return 1
  what_is_told >"$work/told"
  [ -n "$previous" ] || return 1
  live=$base/releases/$previous
  cmp -s "$live/told" "$work/told" && [ -s "$live/expected" ] && [ -s "$live/hashes" ] && cp "$live/expected" "$work/expected" && cp "$live/hashes" "$work/hashes"
}

# Whether containers are told a path of the release itself: what is there, or where it leads, is another thing with each. Builds are not
# theirs. What was recalled was asked for the release before.
tells_its_folder() {
  [ -s "$work/full" ] && awk -v top="$release/" '
    { match($0, /^ */); depth = RLENGTH / 2 }
    depth == 1 { section = $0 }
    depth <= 3 { build = section ~ /^ *"services"/ && depth == 3 && $0 ~ /^ *"build": / }
    !build && index($0, top) { found = 1 }
    END { exit !found }' "$work/full"
}

# For the releases to come, once it was found in force; where there is no room for it they ask. Of values there are digests in it.
note_told() {
  [ -s "$work/told" ] && ! tells_its_folder || return 0
  ( umask 077; cp "$work/hashes" "$work/expected" "$release/" && cp "$work/told" "$release/told" ) 2>/dev/null || rm -f "$release/told"
}

# Whether it is told the same, and every container that is expected runs with its settings, image and networks, and no other is there. Leaves
# their ids in $as_is, and how they are in $work/now.
runs_already() {
  as_is=
  recall_hashes || return 1
  # They were listed a moment ago, for what was before the run.
  ids=
  while IFS='|' read -r began_id _; do ids="$ids $began_id"; done <"$work/began"
  inspect again >"$work/now" || return 1
  awk '
    FILENAME == ARGV[1] { copies[$1] = $2; next }
    { split($0, field, "|"); count[field[1]]++ }
    field[2] != "running" || !(field[1] in copies) || field[9] ~ /^\/[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]_/ { other = 1 }
    END { for (name in copies) if (count[name] + 0 != copies[name]) other = 1; exit other }' "$work/expected" "$work/now" || return 1
  find_other
  [ ! -s "$work/other" ] && as_is=$ids
}
