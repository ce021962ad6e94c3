# shellcheck shell=sh
# A release that is told to Compose in the same words as the live one: what Compose made of them then it would make of them now, and where
# all of it runs, nothing is asked of Compose.

# Writes $work/told, all that Compose is told but for the release's folder: the digest of the configuration, and what was written
# besides. Whether that is what a file of another release has: told_the_same FILE
told_the_same() {
  live_told=$1
  set -- /dev/null
  for overlay in proxy files shared images digests; do
    [ ! -s "$release/$overlay.yml" ] || set -- "$@" "$release/$overlay.yml"
  done
  awk -v top="$release/" -v config="$config_sum" -v to="$work/told" -v live="$live_told" '
    BEGIN { told = config "\n" }
    FNR == 1 { name = FILENAME; sub(/.*\//, "", name); told = told name "\n" }
    {
      while ((at = index($0, top)) > 0) { told = told substr($0, 1, at - 1) "@/"; $0 = substr($0, at + length(top)) }
      told = told $0 "\n"
    }
    END {
      printf "%s", told >to
      while ((getline line < live) > 0) was = was line "\n"
      exit was != told
    }' "$@"
}

# Leaves in $work what Compose has said of the same for the live release: its hashes, and what is expected. Fails where it was something
# else. Going back, everything is asked; and where a hook may have written files since they were read.
recall_hashes() {
  drop "$work/told"
  [ ! -f "$tree/.zebu/hooks/pre-deploy" ] && [ "$mode" = deploy ] && [ -n "$strict" ] && [ -n "$config_sum" ] || return 1
  live=$base/releases/$previous
  told_the_same "$live/told" && [ -n "$previous" ] && [ -s "$live/expected" ] && [ -s "$live/hashes" ] || return 1
  copy_lines "$live/expected" "$work/expected" && copy_lines "$live/hashes" "$work/hashes"
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
  # What it is found by comes last.
  ( umask 077; cp "$work/hashes" "$work/expected" "$work/told" "$release/" ) 2>/dev/null || rm -f "$release/told"
}

# Whether what was looked at before the run is of this second or the one before it, under the same Docker: then it is in $work/now.
seen_just_now() {
  [ -s "$work/looked-before" ] && [ -z "$touched" ] || return 1
  read -r seen_at seen_under <"$work/looked-under" || return 1
  clock
  [ $((clock - seen_at)) -le 1 ] && [ "$(engine)" = "$seen_under" ] || return 1
  : >"$work/asked"
  meant <"$work/looked-before" >"$work/now"
}

# Whether it is told the same, and every container that is expected runs with its settings, image and networks, and no other is there. Leaves
# their ids in $as_is, and how they are in $work/now.
runs_already() {
  as_is=
  recall_hashes || return 1
  # They were listed a moment ago, for what was before the run.
  ids=
  while IFS='|' read -r began_id _; do ids="$ids $began_id"; done <"$work/began"
  seen_just_now || inspect again >"$work/now" || return 1
  awk '
    FILENAME == ARGV[1] { copies[$1] = $2; next }
    { split($0, field, "|"); count[field[1]]++ }
    field[2] != "running" || !(field[1] in copies) || field[9] ~ /^\/[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]_/ { other = 1 }
    END { for (name in copies) if (count[name] + 0 != copies[name]) other = 1; exit other }' "$work/expected" "$work/now" || return 1
  find_other
  [ ! -s "$work/other" ] && as_is=$ids as_compared=1
}
