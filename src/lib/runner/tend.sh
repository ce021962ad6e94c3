# shellcheck shell=sh
# Folders of the commit that services have written into: they are data and outlive releases (mounts.sh), and the files of the
# commit in them follow the release that is started, as in a checkout: what nobody but zebu changed is replaced, what services
# made or changed is never removed.

# What of the commit was put last into the data of that name: lines of sha256sum.
placed_last() { printf '%s/shared/placed/%s\n' "$base" "$(printf '%s' "$1" | sha256sum | cut -c1-40)"; }

# The sums of all files of a folder. Of a name that sha256sum cannot write as it is there is no line.
sums_of() { ( cd "$1" && find . -type f -print0 | xargs -0 -r sha256sum ) 2>/dev/null | grep -v '^[\\]'; }

# The same of the files that are named on standard input, of those that are there. What a service keeps to itself is read, too.
sums_at() {
  tr '\n' '\000' >"$work/sum-names"
  # shellcheck disable=SC2016 # another shell's words
  set -- sh -c 'cd "$1" && { xargs -0 -r sha256sum <"$2"; exit 0; }' sums "$1" "$work/sum-names"
  { sudo -n "$@" || "$@"; } 2>/dev/null | grep -v '^[\\]'
}

# What has to be done for a folder with data to have the files of the commit, a line each: tend_plan LAST FROM TO
#   put      name  it is not there, or is as zebu put it
#   both     name  a service changed it, and so does the commit
#   strange  name  something is there that zebu never put there
#   drop     name  the commit has it no more, and it is as zebu put it
tend_plan() {
  cat "$1" >"$work/sums-last" 2>/dev/null
  sums_of "$2" >"$work/sums-new"
  cat "$work/sums-last" "$work/sums-new" | cut -c67- | LC_ALL=C sort -u | sums_at "$3" >"$work/sums-there"
  LC_ALL=C awk '
    { name = substr($0, 67); sum = substr($0, 1, 64) }
    FILENAME == ARGV[1] { last[name] = sum; next }
    FILENAME == ARGV[2] { there[name] = sum; next }
    { wanted[name] = 1 }
    !(name in there) { if (!(name in last) || last[name] != sum) print "put", substr(name, 3); next }
    there[name] == sum { next }
    !(name in last) { print "strange", substr(name, 3); next }
    there[name] == last[name] { print "put", substr(name, 3); next }
    last[name] != sum { print "both", substr(name, 3) }
    END { for (name in last) if (!(name in wanted) && there[name] == last[name]) print "drop", substr(name, 3) }
  ' "$work/sums-last" "$work/sums-there" "$work/sums-new"
}

# Puts a file there whole, for whoever had the one before: put_file FROM TO
put_file() {
  as_needed mkdir -p "$(dirname "$2")" && as_needed cp -a "$1" "$2.zebu-new" || return 1
  [ ! -e "$2" ] || as_needed chown --reference="$2" "$2.zebu-new"
  as_needed mv -T "$2.zebu-new" "$2"
}

is_there() { as_needed test -e "$1"; }

# Links, and what has a name that is no line, are put where nothing is: put_odd FROM TO
put_odd() {
  # shellcheck disable=SC2016 # another shell's words
  ( cd "$1" && find . \( -type l -o -name '*[\\
]*' \) ! -type d ! -path ./.env -print0 ) | xargs -0 -r sh -c '
    cd "$1" || exit 255
    to=$2
    shift 2
    for each do
      [ ! -e "$to/$each" ] && [ ! -L "$to/$each" ] || continue
      { mkdir -p "$(dirname "$to/$each")" && cp -a "$each" "$to/$each"; } 2>/dev/null ||
        { sudo -n mkdir -p "$(dirname "$to/$each")" && sudo -n cp -a "$each" "$to/$each"; } 2>/dev/null || exit 255
    done' put "$1" "$2"
}

# tend_one NAME FROM TO
tend_one() {
  last=$(placed_last "$1")
  # Somebody has taken all of it away: it begins anew.
  [ -n "$(as_needed find "$3" ! -type d | head -n 1)" ] || rm -f "$last"
  tend_plan "$last" "$2" "$3" >"$work/tend"
  while read -r what file; do
    beside=$file.before-$id
    case $what in
      drop) as_needed rm -f "$3/$file" ;;
      both)
        as_needed mv -T "$3/$file" "$3/$beside" && put_file "$2/$file" "$3/$file" || return 1
        logged echo "./$1/$file was changed by a service, and is another one in the commit: that of the commit is there, the other one beside it as $beside" ;;
      put)
        # What was put aside for the release that has failed.
        if [ -z "$strict" ] && is_there "$3/$beside"; then as_needed mv -T "$3/$beside" "$3/$file"
        else put_file "$2/$file" "$3/$file" || return 1
        fi ;;
    esac
  done <"$work/tend"
  [ ! -d "$2" ] || put_odd "$2" "$3" || return 1
  mkdir -p "$base/shared/placed" && cp "$work/sums-new" "$last.new" && mv "$last.new" "$last"
}

# Which of what was decided is tended, fields separated by tabs: name, where it is kept.
note_tended() {
  awk -F '\t' -v OFS='\t' -v tree="$release/tree/" '$1 == "data" && index($2, tree) == 1 { print substr($2, length(tree) + 1), $3, $4 }' "$work/decided" |
    while IFS='	' read -r name place state; do
      if { [ "$state" = content ] && [ -d "$release/tree/$name" ]; } || [ -e "$(placed_last "$name")" ]; then printf '%s\t%s\n' "$name" "$place"; fi
    done >"$work/tended"
  if [ -s "$work/tended" ]; then cp "$work/tended" "$release/tended"; else rm -f "$release/tended"; fi
}

# The same of the release that is started next, with what became data after it.
tended() {
  cat "$release/tended" 2>/dev/null
  [ ! -f "$release/kept" ] || while IFS='	' read -r kept name; do
    [ ! -L "$base/shared/files/$kept" ] || printf '%s\t%s\n' "$name" "$(readlink "$base/shared/files/$kept")"
  done <"$release/kept"
}

# Before anything of a release is started. Fails with $cause and $reason set.
tend_folders() {
  tended | sort -u >"$work/tended"
  while IFS='	' read -r name place; do
    [ -d "$place" ] || continue
    tend_one "$name" "$release/tree/$name" "$place" && continue
    cause=data-unplaced reason="there is no room for data in $place, or it may not be written"
    return 1
  done <"$work/tended"
}

# Whether a folder has files that the one it was made of has not, or other ones: is_written FOLDER MADE-OF
is_written() {
  ( cd "$2" && find . ! -type d | LC_ALL=C sort ) >"$work/made-of"
  as_needed find "$1" ! -type d -printf './%P\n' | LC_ALL=C sort | comm -23 - "$work/made-of" | grep -q . && return 0
  sums_of "$2" | LC_ALL=C sort >"$work/made-of"
  cut -c67- "$work/made-of" | sums_at "$1" | LC_ALL=C sort | comm -13 - "$work/made-of" | grep -q .
}

# Where the live release has a folder of its commit, when services have written into it and the commit to deploy has something else
# there: written_before NAME PATH
written_before() {
  [ -n "$previous" ] && [ -f "$base/releases/$previous/kept" ] || return 0
  made_of=$base/releases/$previous/tree/$1
  was_kept=$(awk -F '\t' -v name="$1" '$2 == name { print $1; exit }' "$base/releases/$previous/kept")
  [ -n "$was_kept" ] && [ ! -L "$base/shared/files/$was_kept" ] && [ -d "$base/shared/files/$was_kept" ] && [ -d "$made_of" ] || return 0
  [ "$was_kept" != "$(content_name "$2")" ] || return 0
  ! is_written "$base/shared/files/$was_kept" "$made_of" || printf '%s\n' "$base/shared/files/$was_kept"
}
