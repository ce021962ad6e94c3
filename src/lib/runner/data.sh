# shellcheck shell=sh
# What mounts.sh found to be data, put where it outlives releases.

as_needed() { "$@" 2>/dev/null || sudo -n "$@" 2>/dev/null; }

# Folders that hold nothing but such folders, themselves too.
# shellcheck disable=SC2016 # another shell's words
remove_empty() {
  set -- sh -c 'find "$@" -depth -type d -exec rmdir {} \; 2>/dev/null; exit 0' remove "$@"
  sudo -n "$@" 2>/dev/null || "$@"
}

# Whether a file is only there for its folder to be in a commit.
# shellcheck disable=SC2086 # a condition of find
is_placeholder() { [ -n "$(set -f; find "$1" $placeholders 2>/dev/null)" ]; }

# The first file of FROM that TO has, too, with something else in it: first_difference FROM TO
# Names are never read as lines: there may be a newline in one.
first_difference() {
  if [ -d "$1" ]; then first_within "$1" "$2" ''; else cmp -s "$1" "$2" || basename "$1"; fi
}
first_within() (
  for each in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    name=${each##*/}
    if [ -d "$each" ] && [ ! -L "$each" ]; then
      found=$(first_within "$each" "$2/$name" "$3$name/")
      [ -z "$found" ] || { printf '%s\n' "$found"; exit; }
      continue
    fi
    [ -e "$each" ] || [ -L "$each" ] || continue
    [ ! -e "$2/$name" ] || is_placeholder "$each" || cmp -s "$each" "$2/$name" || { printf '%s\n' "$3$name"; exit; }
  done
)

# Where what services have written into a folder of the commit is, when it becomes data; nothing for any other.
carried() { awk -F '\t' -v name="$1" '$1 == name { print $2; exit }' "$work/carried" 2>/dev/null; }

# Whether a path lies in a folder that is data, and has something in the commit.
is_part() {
  LC_ALL=C awk -F '\t' -v path="$1" '$1 == "data" && $4 == "content" && index(path, $2 "/") == 1 { found = 1 } END { exit !found }' "$work/decided"
}

# The first file of the commit in whose place there is something that is not of an earlier commit: in_the_way PATH PLACE
in_the_way() {
  # Of a folder that follows the commit all is looked at there.
  ! is_part "$1" || return 0
  [ -d "$1" ] || { [ ! -e "$2" ] || first_difference "$1" "$2"; return; }
  name=$(data_name "$1") is=$2
  last=$(placed_last "$name")
  # Where it was before it became data.
  from=$(carried "$name")
  [ -n "$from" ] || [ -e "$2" ] || [ -L "$2" ] || return 0
  if [ -n "$from" ]; then
    is=$from
    sums_of "$base/releases/$previous/tree/$name" >"$work/sums-before"
    last=$work/sums-before
  fi
  tend_plan "$last" "$1" "$is" | sed -n 's/^strange //p' | while IFS= read -r each; do
    is_placeholder "$1/$each" || { printf '%s\n' "$each"; break; }
  done
}

# What the commit has where data of releases before is kept goes beside it, as a checkout would put it there; it takes the
# place of nothing. Fails with $cause and $reason set.
unchanged_data() {
  judged_whole=
  while IFS='	' read -r kind real place state kept; do
    [ "$kind/$state" = data/content ] || continue
    # A part of the repository is judged with all of it, mounted or not.
    case $place in "$base/shared/repository/"*) real=$release/tree place=$base/shared/repository ;; esac
    case $real in "$judged_whole") continue ;; "$release/tree") judged_whole=$real ;; esac
    differs=$(in_the_way "$real" "$place")
    [ -z "$differs" ] || { cause=data-conflict reason="$place holds data of releases before, and the commit has something else in $differs there: take it out of the commit, or move that data away in the VM"; return 1; }
  done <"$work/decided"
}

# move FROM TO: by renaming it, which who has it mounted does not notice; who is started anew finds it through a link.
# Between the two it may be cut off: it is written down before.
move() {
  as_needed mkdir -p "$(dirname "$2")" && printf '%s\t%s\n' "$1" "$2" >"$base/shared/moving" && sync "$base/shared/moving" 2>/dev/null
  as_needed mv -T "$1" "$2" && as_needed ln -s "$2" "$1" && rm -f "$base/shared/moving"
}

# Whether the commit of the release before has more at a path than what keeps a folder there. Succeeds also when that cannot
# be told.
was_committed() {
  listed=$(git --git-dir="$base/repo.git" ls-tree -r -l "refs/zebu/$previous" -- "$1" 2>/dev/null) || return 0
  printf '%s\n' "$listed" | awk -F '\t' '
    { split($1, field, " "); name = $2; sub(/.*\//, "", name) }
    NF > 1 && field[4] != "0" && name !~ /^[.](gitkeep|gitignore|gitattributes|keep|empty|placeholder|hgkeep)"?$/ { found = 1 }
    END { exit !found }'
}

# What is kept for paths within a folder that becomes data itself goes to where services had it mounted, by renaming alone: an empty
# folder that they have it mounted on is only moved, for removing it would take the mount from them.
# move_inner KEPT FOLDER AWAY
move_inner() (
  for each in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    name=${each##*/}
    [ -e "$each" ] || [ -L "$each" ] || continue
    if as_needed test -d "$2/$name" && [ ! -L "$2/$name" ]; then
      if [ -n "$(as_needed find "$2/$name" ! -type d | head -n 1)" ]; then move_inner "$each" "$2/$name" "$3" || exit 1; continue; fi
      as_needed mv -T "$2/$name" "$(mktemp -d "$3/XXXXXX")" || exit 1
    fi
    [ ! -e "$2/$name" ] || continue
    as_needed mv -T "$each" "$2/$name" || exit 1
  done
)

# Data that an earlier zebu kept elsewhere: under the name it has from zebu.yml instead of from the Compose file, or in the
# folder of the release before. carry_over PATH PLACE
carry_over() {
  name=$(data_name "$1")
  earlier=$(carried "$name")
  [ -n "$previous" ] && { [ -n "$earlier" ] || { [ ! -e "$2" ] && [ ! -L "$2" ]; }; } || return 0
  if [ -n "$earlier" ]; then
    if [ -d "$2" ]; then
      mkdir -p "$2.away" && move_inner "$2" "$earlier" "$2.away" || return 1
      remove_empty "$2" "$2.away"
      # Two files of one name: neither is lost.
      [ ! -e "$2" ] || as_needed mv -T "$2" "$2.before-$id" || return 1
    fi
    last=$(placed_last "$name")
    mkdir -p "$base/shared/placed" && sums_of "$base/releases/$previous/tree/$name" >"$last.new" || return 1
    [ -s "$last.new" ] || [ -z "$(one_file "$base/releases/$previous/tree/$name/")" ] || return 1
    # Of that an earlier zebu noted nothing; a release that is gone back to has its files there, too.
    [ "$name" != . ] || grep -qsxF "${earlier##*/}	." "$base/releases/$previous/kept" || printf '%s\t.\n' "${earlier##*/}" >>"$base/releases/$previous/kept" || return 1
    mv "$last.new" "$last" && move "$earlier" "$2" || return 1
    if [ "$name" = . ]; then logged echo "services may write to the whole repository: it is kept in $2 from now on, and follows the commit there"
    else logged echo "./$name is part of the commit, and services have written into it: it is kept in $2 from now on, and follows the commit there"
    fi
    return 0
  fi
  [ "$name" != . ] || return 0
  before=$base/releases/$previous
  if ! grep -qs '^directory=' "$before/plan"; then
    earlier=$base/shared/mounts/$(printf '%s\n' "$1" | sed -e "s|^$directory/|$tree/|" -e "s|^$release/tree/||")
    if [ -e "$earlier" ] && [ ! -L "$earlier" ]; then
      move "$earlier" "$2" || return 1
      logged echo "what was kept in $earlier is kept in $2 from now on"
      return 0
    fi
  fi
  path=$(printf '%s\n' "$1" | sed "s|^$release/||")
  earlier=$before/$path
  [ -e "$earlier" ] && [ ! -L "$earlier" ] && [ "$(kept_of "$earlier")" = data ] || return 0
  was_committed "$(printf '%s\n' "$path" | sed 's|^tree/||')" && return 0
  move "$earlier" "$2" || return 1
  logged echo "what was written into $earlier is kept in $2 from now on"
}

# copy_missing FROM TO: the files of a folder that are not there yet.
copy_missing() (
  for each in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    to=$2/${each##*/}
    if [ -d "$each" ] && [ ! -L "$each" ]; then copy_missing "$each" "$to"; continue; fi
    [ -e "$each" ] || [ -L "$each" ] || continue
    # shellcheck disable=SC2015 # it is for either of them
    [ ! -e "$to" ] && [ ! -L "$to" ] || continue
    as_needed mkdir -p "$2" && as_needed cp -a "$each" "$to" || is_placeholder "$each" || { echo failed; exit; }
  done
)

# All of the repository, for services that may write to it and that nobody has started yet: what is there is there as a whole, and what of
# it is the commit's is known.
fill_whole() {
  filled=$base/shared/repository
  [ ! -d "$filled" ] || [ -n "$(as_needed find "$filled" | head -n 2 | tail -n +2)" ] || as_needed rmdir "$filled"
  [ ! -e "$filled" ] && [ ! -L "$filled" ] || return 0
  last=$(placed_last .)
  as_needed rm -rf "$filled.new"
  mkdir -p "$base/shared/placed" && cp -a "$release/tree" "$filled.new" || return 1
  # What leads to settings and secrets leads nowhere in a container.
  env_places
  for each in $places; do
    each=$filled.new${each#"$release/tree"}
    ! linked_env_file "$each" || rm -f "$each"
  done
  sums_of "$filled.new" >"$last.new" && [ -s "$last.new" ] || return 1
  mv "$last.new" "$last" && rm -f "$last.next" && mv -T "$filled.new" "$filled"
}

# Files of the commit that services of the live release may write to, each kept by itself until then: what was written is there, for who has
# the folder and for who goes back: bring_files NAME PLACE
bring_files() {
  [ -n "$previous" ] && [ -s "$base/releases/$previous/kept" ] || return 0
  while IFS='	' read -r kept_ name_; do
    case $1/$name_ in
      ./*) below_=$name_ ;;
      *) case $name_ in "$1/"*) below_=${name_#"$1/"} ;; *) continue ;; esac ;;
    esac
    from_=$base/shared/files/$kept_ to_=$2/$below_ made_=$base/releases/$previous/tree/$name_
    if [ ! -f "$from_" ] || [ -L "$from_" ]; then continue; fi
    if { [ ! -e "$to_" ] && [ ! -L "$to_" ]; } || as_needed cmp -s "$to_" "$made_" || as_needed cmp -s "$to_" "$from_"; then move "$from_" "$to_" || return 1
    elif ! as_needed cmp -s "$from_" "$made_"; then
      beside=$(unused "$to_.before-$id")
      move "$from_" "$beside" || return 1
      keeps_both "$1" "$below_" "$beside"
    fi
  done <"$base/releases/$previous/kept"
}

# A folder that is nowhere yet: Docker would make it for root, and whoever tried it at home has made it himself. Either may write to it, root
# also where all capabilities are dropped.
new_folder() {
  as_needed mkdir -p "$1" || return 1
  # shellcheck disable=SC2015 # it is for either of them
  sudo -n chgrp 0 "$1" 2>/dev/null && sudo -n chmod 775 "$1" 2>/dev/null || :
}

# Before anything of the release is started. Fails with $cause and $reason set.
place_data() {
  while IFS='	' read -r kind real place state kept; do
    [ "$kind" = data ] || continue
    cause=data-unplaced reason="there is no room for data in $place, or it may not be written"
    # What a volume has in the folder of an earlier release stays there.
    case $place in "$base/releases/"*) continue ;; esac
    # What the commit has of the repository is put there with all of it (tend.sh).
    case $place in "$base/shared/repository/"*) [ "$state" != missing ] || [ -e "$place" ] || [ -L "$place" ] || new_folder "$place" || return 1; continue ;; esac
    carry_over "$real" "$place" || return 1
    name=${place#"$base/shared/mounts/"}
    [ "$real" != "$release/tree" ] || name=.
    was_data "$name" || printf '%s\n' "$name" >>"$base/shared/data-names" || return 1
    if [ "$name" = . ]; then fill_whole && bring_files . "$base/shared/repository" || return 1
    elif [ -d "$real" ] && { [ "$state" = content ] || [ -e "$(placed_last "$(data_name "$real")")" ]; }; then as_needed mkdir -p "$place" || return 1
    elif [ -e "$place" ] || [ -L "$place" ]; then
      [ ! -d "$real" ] || [ -z "$(copy_missing "$real" "$place")" ] || return 1
    elif [ -e "$real" ]; then as_needed mkdir -p "$(dirname "$place")" && as_needed cp -a "$real" "$place" || return 1
    else new_folder "$place" || return 1
    fi
  done <"$work/decided"
  cause='' reason=''
}
