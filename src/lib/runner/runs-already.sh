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
  live=$base/releases/$previous
  # What is live already is told the same.
  if [ -n "$taken" ]; then copy_lines "$live/expected" "$work/expected" && copy_lines "$live/hashes" "$work/hashes"; return; fi
  drop "$work/told"
  [ ! -f "$tree/.zebu/hooks/pre-deploy" ] && [ "$mode" = deploy ] && [ -n "$strict" ] && [ -n "$config_sum" ] || return 1
  told_the_same "$live/told" && [ -n "$previous" ] && [ -s "$live/expected" ] && [ -s "$live/hashes" ] || return 1
  copy_lines "$live/expected" "$work/expected" && copy_lines "$live/hashes" "$work/hashes"
}

# For the releases to come, once it was found in force; where there is no room for it they ask. Of values there are digests in it.
note_told() {
  [ -z "$taken" ] && [ -s "$work/told" ] && [ ! -e "$work/tells" ] || return 0
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

# Whether of $work/now each container runs, under its own name, and there are as many of each service as are expected.
stand_as_expected() {
  stand_='' unseen_=0 four='[0-9a-f][0-9a-f][0-9a-f][0-9a-f]'
  while IFS='|' read -r service_ state_ _ _ _ _ _ _ named_ _; do
    # shellcheck disable=SC2254 # a pattern
    case $state_/$named_ in running//$four$four${four}_*) return 1 ;; running/*) ;; *) return 1 ;; esac
    stand_="$stand_|$service_|" unseen_=$((unseen_ + 1))
  done <"$work/now"
  while read -r service_ copies_ _; do
    while [ "$copies_" -gt 0 ]; do
      case $stand_ in *"|$service_|"*) ;; *) return 1 ;; esac
      stand_="${stand_%%"|$service_|"*}${stand_#*"|$service_|"}" copies_=$((copies_ - 1)) unseen_=$((unseen_ - 1))
    done
  done <"$work/expected"
  [ $unseen_ = 0 ]
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
  stand_as_expected || return 1
  find_other
  [ ! -s "$work/other" ] && as_is=$ids as_compared=1
}
