# shellcheck shell=sh
# What mounts.sh found to be data, put where it outlives releases.

as_needed() { "$@" 2>/dev/null || sudo -n "$@" 2>/dev/null; }

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

# What the commit has where data of releases before is kept goes beside it, as a checkout would put it there; it takes the
# place of nothing. Fails with $cause and $reason set.
unchanged_data() {
  while IFS='	' read -r kind real place state kept; do
    [ "$kind/$state" = data/content ] || continue
    differs=$(first_difference "$real" "$place")
    [ -z "$differs" ] || { cause=data-conflict reason="$place holds data of releases before, and the commit has something else in $differs there: take it out of the commit, or move that data away in the VM"; return 1; }
  done <"$work/decided"
}

# move FROM TO: by renaming it, which who has it mounted does not notice; who is started anew finds it through a link.
move() { as_needed mkdir -p "$(dirname "$2")" && as_needed mv -T "$1" "$2" && as_needed ln -s "$2" "$1"; }

# Whether the commit of the release before has more at a path than what keeps a folder there. Succeeds also when that cannot
# be told.
was_committed() {
  listed=$(git --git-dir="$base/repo.git" ls-tree -r -l "refs/zebu/$previous" -- "$1" 2>/dev/null) || return 0
  printf '%s\n' "$listed" | awk -F '\t' '
    { split($1, field, " "); name = $2; sub(/.*\//, "", name) }
    NF > 1 && field[4] != "0" && name !~ /^[.](gitkeep|gitignore|gitattributes|keep|empty|placeholder|hgkeep)"?$/ { found = 1 }
    END { exit !found }'
}

# Data that an earlier zebu kept elsewhere: under the name it has from zebu.yml instead of from the Compose file, or in the
# folder of the release before. carry_over PATH PLACE
carry_over() {
  [ ! -e "$2" ] && [ ! -L "$2" ] && [ -n "$previous" ] || return 0
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

# Before anything of the release is started. Fails with $cause and $reason set.
place_data() {
  while IFS='	' read -r kind real place state kept; do
    [ "$kind" = data ] || continue
    cause=data-unplaced reason="there is no room for data in $place, or it may not be written"
    # What a volume has in the folder of an earlier release stays there.
    case $place in "$base/releases/"*) continue ;; esac
    carry_over "$real" "$place" || return 1
    if [ -e "$place" ] || [ -L "$place" ]; then
      [ ! -d "$real" ] || [ -z "$(copy_missing "$real" "$place")" ] || return 1
    elif [ -e "$real" ]; then as_needed mkdir -p "$(dirname "$place")" && as_needed cp -a "$real" "$place" || return 1
    else as_needed mkdir -p "$place" || return 1
    fi
  done <"$work/decided"
  cause='' reason=''
}
