# shellcheck shell=sh
# A release that is told to Compose in the same words as the live one: what Compose made of them then it would make of them now, and where
# all of it runs, nothing is asked of Compose.

# Writes $work/told, all that Compose is told but for the release's folder and which images there are: the digest of the configuration, and
# what was written besides. Whether that is what a file of another release has: told_the_same FILE
told_the_same() {
  live_told=$1
  set -- /dev/null
  for overlay in proxy files shared digests; do
    [ ! -s "$release/$overlay.yml" ] || set -- "$@" "$release/$overlay.yml"
  done
  if [ $# = 1 ]; then
    printf '%s\n' "$config_sum" >"$work/told"
    [ -e "$live_told" ] && read_lines "$live_told" && [ "$config_sum" = "$lines" ]
    return
  fi
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

# Sets $renewed to the services for which an image is named that is not the one of the live release, a blank around each. Fails where more
# than that is said otherwise.
find_renewed() {
  renewed=' ' service_='' images_are=$release/images.yml images_were=$live/images.yml
  [ -e "$images_are" ] || images_are=/dev/null
  [ -e "$images_were" ] || images_were=/dev/null
  {
    while IFS= read -r is_; do
      IFS= read -r was_ <&3 || return 1
      case $is_ in '  "'*) service_=${is_#'  "'} service_=${service_%'":'} ;; esac
      case $is_ in "$was_") ;; '    image: '*) renewed="$renewed$service_ " ;; *) return 1 ;; esac
    done
    ! IFS= read -r _ <&3
  } <"$images_are" 3<"$images_were"
}

# Leaves in $work what Compose has said of the same for the live release: its hashes, and what is expected. Fails where it was something
# else, with $renewed set where only images are. Going back, everything is asked; and where a hook may have written files since they were
# read.
recall_hashes() {
  renewed='' live=$base/releases/$previous
  # What is live already is told the same.
  if [ -n "$taken" ]; then copy_lines "$live/expected" "$work/expected" && copy_lines "$live/hashes" "$work/hashes"; return; fi
  drop "$work/told"
  [ ! -f "$tree/.zebu/hooks/pre-deploy" ] && [ "$mode" = deploy ] && [ -n "$strict" ] && [ -n "$config_sum" ] || return 1
  told_the_same "$live/told" && [ -n "$previous" ] && [ -s "$live/expected" ] && [ -s "$live/hashes" ] || return 1
  find_renewed || { renewed=''; return 1; }
  [ "$renewed" = ' ' ] || return 1
  renewed=''
  copy_lines "$live/expected" "$work/expected" && copy_lines "$live/hashes" "$work/hashes"
}

# After a start of what was told the same but for some images: the hash of each service, as in hashes. One with the image of the live release
# has the hash that it had; of one with another image its containers tell the hash, which Compose has just given them, and which is none
# that it had. Fails where they do not.
hashes_there() {
  known_=' ' learned_=' '
  while read -r service_ hash_; do
    known_="$known_$service_=$hash_ "
    case $renewed in *" $service_ "*) ;; *) printf '%s\n' "$service_ $hash_" ;; esac
  done <"$live/hashes"
  while IFS='|' read -r service_ _ _ _ _ _ _ _ _ _ _ hash_ _; do
    case $renewed in *" $service_ "*) ;; *) continue ;; esac
    case $learned_ in *" $service_=$hash_ "*) continue ;; *" $service_="*) return 1 ;; esac
    case $known_ in *" $service_=$hash_ "*) return 1 ;; esac
    [ -n "$hash_" ] || return 1
    learned_="$learned_$service_=$hash_ "
    printf '%s\n' "$service_ $hash_"
  done <"$work/now"
}

# Leaves what recall_hashes does, where what is there is as it was told by them. Fails where anything is in doubt, for Compose to be asked.
learn_hashes() {
  [ -n "$renewed" ] || return 1
  live=$base/releases/$previous
  if hashes_there >"$work/hashes" && copy_lines "$live/expected" "$work/expected" && find_other && [ ! -s "$work/other" ]; then as_compared=1; return; fi
  drop "$work/hashes" "$work/expected"
  return 1
}

# For the releases to come, once it was found in force; where there is no room for it they ask. Of values there are digests in it.
note_told() {
  [ -z "$taken" ] && [ -s "$work/told" ] && [ ! -e "$work/tells" ] || return 0
  # What it is found by comes last.
  umask 077
  { copy_lines "$work/hashes" "$release/hashes" && copy_lines "$work/expected" "$release/expected" && copy_lines "$work/told" "$release/told"; } 2>/dev/null || drop "$release/told"
  umask 022
}

# Whether what was looked at before the run is of this second or the one before it, under the same Docker: then it is in $work/now.
seen_just_now() {
  [ -s "$work/looked-before" ] && [ -z "$touched" ] || return 1
  read -r seen_at seen_under <"$work/looked-under" || return 1
  clock
  [ $((clock - seen_at)) -le 1 ] && is_engine "$seen_under" || return 1
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
