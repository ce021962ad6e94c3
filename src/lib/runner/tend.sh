# shellcheck shell=sh
# Folders of the commit that services have written into: they are data and outlive releases (mounts.sh), and the files of the
# commit in them follow the release that is started, as in a checkout: what nobody but zebu changed is replaced, what services
# made or changed is never removed.

# What of the commit was put last into the data of that name: lines of sha256sum.
placed_last() { printf '%s/shared/placed/%s\n' "$base" "$(printf '%s' "$1" | sha256sum | cut -c1-40)"; }

# The sums of all files of a folder, in one order. Of a name that is no line there is none.
sums_of() {
  ( cd "$1" && find . -type f ! -path '*[\\
]*' -print0 | xargs -0 -r sha256sum ) 2>/dev/null | LC_ALL=C sort
}

# The same without the .env that zebu has put into a folder, which is none of the commit: a file where only a plan is made.
without_env() {
  env_links=$(env_links) LC_ALL=C awk -v top="$1/" '
    BEGIN { n = split(ENVIRON["env_links"], link, "\n"); for (i = 1; i <= n; i++) if (index(link[i], top) == 1) own["./" substr(link[i], length(top) + 1)] = 1 }
    !(substr($0, 67) in own)'
}

# Reads what a service keeps to itself, too, where that is allowed.
read_all() { sudo -n "$@" || "$@"; } 2>/dev/null

# The same of the files that are named on standard input, of those that are there.
sums_at() {
  tr '\n' '\000' >"$work/sum-names"
  # shellcheck disable=SC2016 # another shell's words
  set -- sh -c 'cd "$1" && { xargs -0 -r sha256sum <"$2"; exit 0; }' sums "$1" "$work/sum-names"
  read_all "$@" | grep -v '^[\\]'
}

# What lies in a folder, a line each: d, f, or o for anything else, and its name. Links are not followed: a container may make them lead
# anywhere.
lies_in() {
  # shellcheck disable=SC2016 # another shell's words
  set -- sh -c 'cd "$1" && { find . -type d | sed "s/^/d /"; find . -type f | sed "s/^/f /"; find . ! -type d ! -type f | sed "s/^/o /"; }' lies "$1"
  read_all "$@"
}

# What has to be done for a folder with data to have the files of the commit, a line each: tend_plan LAST FROM TO
#   drop     name  the commit has it no more, and it is as zebu put it
#   old      name  what was there before lies beside it, from a run that was cut off
#   put      name  it is not there, or is as zebu put it
#   both     name  a service changed it, and so does the commit
#   strange  name  something is there that zebu never put there, or there is no way to it
# LAST.next is there when it was cut off: some files are as LAST has them then, some as that.
tend_plan() {
  cat "$1" >"$work/sums-last" 2>/dev/null
  cat "$1.next" >"$work/sums-next" 2>/dev/null
  sums_of "$2" | without_env "$2" >"$work/sums-new"
  [ -s "$work/sums-next" ] || ! cmp -s "$1" "$work/sums-new" || return 0
  lies_in "$3" >"$work/lies"
  cat "$work/sums-last" "$work/sums-next" "$work/sums-new" | cut -c67- | LC_ALL=C sort -u >"$work/sum-known"
  LC_ALL=C awk 'FILENAME == ARGV[1] { known[$0] = 1; next } /^f / && (substr($0, 3) in known) { print substr($0, 3) }' "$work/sum-known" "$work/lies" |
    sums_at "$3" >"$work/sums-there"
  LC_ALL=C awk '
    function ours(name) { return (name in there) && ((name, there[name]) in put) }
    function say(what, name) { print what " " substr(name, 3) }
    # No way leads through what is no folder.
    function blocked(name,   up) {
      up = name
      while (match(up, /\/[^\/]*$/)) {
        up = substr(up, 1, RSTART - 1)
        if ((up in type) && type[up] != "d" && !(up in dropped)) return 1
      }
      return 0
    }
    # A folder in the place of a file: it goes with what zebu put there, if that is all.
    function occupied(name,   each) {
      if (type[name] != "d") return 0
      for (each in type) if (index(each, name "/") == 1 && type[each] != "d" && !(each in dropped)) return 1
      return 0
    }
    { name = substr($0, 67); sum = substr($0, 1, 64) }
    FILENAME == ARGV[1] { last[name] = sum; put[name, sum] = 1; all[name] = 1; next }
    FILENAME == ARGV[2] { if (!(name in last)) last[name] = sum; put[name, sum] = 1; all[name] = 1; cut = 1; next }
    FILENAME == ARGV[3] { there[name] = sum; next }
    FILENAME == ARGV[4] { type[substr($0, 3)] = substr($0, 1, 1); next }
    { wanted[name] = sum }
    END {
      for (name in all) if (!(name in wanted) && ours(name)) { dropped[name] = 1; say("drop", name) }
      # What put_over was cut off with.
      if (cut) { for (name in wanted) all[name] = 1; for (name in all) if ((name ".zebu-old") in type) say("old", name) }
      for (name in wanted) {
        if (blocked(name)) say("strange", name)
        else if (!(name in type)) { if (cut || !(name in last) || last[name] != wanted[name]) say("put", name) }
        else if (type[name] == "d") say(occupied(name) ? "strange" : "put", name)
        else if ((name in there) && there[name] == wanted[name]) continue
        else if (ours(name)) say("put", name)
        else if (!(name in last)) say("strange", name)
        else if (last[name] != wanted[name]) say("both", name)
      }
    }
  ' "$work/sums-last" "$work/sums-next" "$work/sums-there" "$work/lies" "$work/sums-new" | LC_ALL=C sort
}

# tells -e|-d|-f|-L PATH: where a service keeps a folder to itself, whoever may look there is asked; nobody else, as that is a program.
tells() {
  test "$1" "$2" && return
  [ ! -x "${2%/*}" ] && sudo -n test "$1" "$2" 2>/dev/null
}

is_there() { tells -e "$1" || tells -L "$1"; }

# A name beside a file that nothing has.
unused() {
  unused=$1
  while is_there "$unused"; do unused=$unused+; done
  printf '%s\n' "$unused"
}

# Puts a file there whole, for whoever had the one before. It is made where no container can reach it: put_file FROM TO
put_file() {
  [ -d "$base/shared/placed/new" ] || mkdir -p "$base/shared/placed/new" || return 1
  staged=$base/shared/placed/new/${2##*/}
  if ! { as_needed cp -a -T "$1" "$staged" && { [ -d "${2%/*}" ] || as_needed mkdir -p "${2%/*}"; }; }; then
    as_needed rm -f "$staged"
    return 1
  fi
  # One of ours has our owner already.
  if tells -f "$2" && ! tells -L "$2" && ! { [ -O "$2" ] && [ -G "$2" ]; }; then as_needed chown "$(stat -c %u:%g "$2" 2>/dev/null || sudo -n stat -c %u:%g "$2")" "$staged"; fi
  as_needed mv -T "$staged" "$2" || { as_needed rm -f "$staged"; return 1; }
}

# A file of a folder, for a person: in_words NAME FILE
in_words() { if [ "$1" = . ]; then printf './%s\n' "$2"; else printf './%s/%s\n' "$1" "$2"; fi; }

keeps_both() { logged echo "$(in_words "$1" "$2") was changed by a service, and is another one in the commit: that of the commit is there, the other one beside it as ${3##*/}"; }

# A file of the commit in the place of the one that zebu put there before. A service may write it just then, so that one is looked at
# afterwards: put_over NAME FROM TO FILE
put_over() {
  ! as_needed ln -T "$3/$4" "$3/$4.zebu-old" || printf './%s\n' "$4.zebu-old" >>"$work/put-over"
  put_file "$2/$4" "$3/$4"
}

# Of what was there before, and is named in $work/put-over, nothing is needed that is as zebu put it: look_at_old NAME TO
look_at_old() {
  [ -s "$work/put-over" ] || return 0
  sums_at "$2" <"$work/put-over" >"$work/sums-old"
  LC_ALL=C awk -v as_put="$work/as-put" '
    FILENAME == ARGV[1] || FILENAME == ARGV[2] { put[$0] = 1; next }
    FILENAME == ARGV[3] { name = substr($0, 67); sum[name] = substr($0, 1, 64); next }
    { own = $0; sub(/[.]zebu-old$/, "", own); if (($0 in sum) && ((sum[$0] "  " own) in put)) printf "%s\n", $0 >as_put; else print own }
  ' "$work/sums-last" "$work/sums-next" "$work/sums-old" "$work/put-over" >"$work/written-over"
  if [ -s "$work/as-put" ]; then
    tr '\n' '\000' <"$work/as-put" >"$work/as-put-names"
    # shellcheck disable=SC2016 # another shell's words
    as_needed sh -c 'cd "$1" && xargs -0 rm -f -- <"$2"' remove "$2" "$work/as-put-names"
    rm -f "$work/as-put"
  fi
  while IFS= read -r each; do
    each=${each#./}
    beside=$(unused "$2/$each.before-$id")
    as_needed mv -T "$2/$each.zebu-old" "$beside" && keeps_both "$1" "$each" "$beside"
  done <"$work/written-over"
}

# Links, and what has a name that is no line, are put where nothing is: put_odd FROM TO
put_odd() {
  # shellcheck disable=SC2016 # another shell's words
  ( cd "$1" && find . \( -type l -o -name '*[\\
]*' \) ! -type d -print0 ) | xargs -0 -r sh -c '
    cd "$1" || exit 255
    to=$2 settings=$3
    shift 3
    for each do
      # What leads to settings and secrets leads nowhere in a container.
      case $each in */.env) [ "$(readlink "$each")" != "$settings" ] || continue ;; esac
      [ ! -e "$to/$each" ] && [ ! -L "$to/$each" ] || continue
      { mkdir -p "$(dirname "$to/$each")" && cp -a "$each" "$to/$each"; } 2>/dev/null ||
        { sudo -n mkdir -p "$(dirname "$to/$each")" && sudo -n cp -a "$each" "$to/$each"; } 2>/dev/null || exit 255
    done' put "$1" "$2" "$base/shared/secrets/env_file"
}

# Folders that were only there for what went, up to one that this release mounts: drop_empty TO FOLDER
drop_empty() {
  up_=$2
  while [ -d "$1/$up_" ] && ! grep -qsF -e "$(yaml_string "$1/$up_")" "$release/shared.yml" "$release/files.yml"; do
    as_needed rmdir "$1/$up_" || return 0
    case $up_ in */*) up_=${up_%/*} ;; *) return 0 ;; esac
  done
}

# tend_one NAME FROM TO
tend_one() {
  last=$(placed_last "$1")
  mkdir -p "$base/shared/placed" || return 1
  # Somebody has taken all of it away: it begins anew.
  [ -n "$(as_needed find "$3" ! -type d | head -n 1)" ] || rm -f "$last" "$last.next"
  tend_plan "$last" "$2" "$3" >"$work/tend" || return 1
  if [ -s "$work/tend" ]; then
    LC_ALL=C sort -u "$work/sums-next" "$work/sums-new" >"$last.next.new" && mv "$last.next.new" "$last.next" || return 1
    sync "$last.next" 2>/dev/null
  fi
  # What was there before comes first where it lies beside from a run that was cut off.
  sed -n 's/^old \(.*\)/.\/\1.zebu-old/p' "$work/tend" >"$work/put-over"
  look_at_old "$1" "$3"
  : >"$work/put-over"
  while IFS= read -r line; do
    what=${line%% *} file=${line#* }
    case $what in
      drop) as_needed rm -f "$3/$file" && drop_empty "$3" "${file%/*}" ;;
      both|put) tend_file "$1" "$2" "$3" "$file" || return 1 ;;
      strange) logged echo "$(in_words "$1" "$file") of the commit is not put there: something else is in its place" ;;
    esac </dev/null
  done <"$work/tend"
  look_at_old "$1" "$3"
  [ ! -d "$2" ] || put_odd "$2" "$3" || return 1
  LC_ALL=C awk 'FILENAME == ARGV[1] { if (sub(/^strange /, "")) left["./" $0] = 1; next } !(substr($0, 67) in left)' "$work/tend" "$work/sums-new" >"$last.new" &&
    mv "$last.new" "$last" && rm -f "$last.next"
}

# tend_file NAME FROM TO FILE, with what of tend_plan in $what
tend_file() {
  beside=$3/$4.before-$id
  # What was put aside for the release that has failed comes back; what that one has changed since stays beside it.
  if [ -z "$strict" ] && is_there "$beside"; then
    if [ "$what" = both ]; then
      after=$(unused "$3/$4.after-$id")
      as_needed mv -T "$3/$4" "$after" || return 1
      logged echo "$(in_words "$1" "$4") is what it was before; what was written into it since is beside it as ${after##*/}"
    fi
    as_needed mv -T "$beside" "$3/$4"
    return
  fi
  # What is left of it is empty: what was in it is gone.
  if tells -d "$3/$4"; then remove_empty "$3/$4"; fi
  if [ "$what" = both ]; then
    beside=$(unused "$beside")
    as_needed mv -T "$3/$4" "$beside" && put_file "$2/$4" "$3/$4" || return 1
    keeps_both "$1" "$4" "$beside"
  elif is_there "$3/$4"; then put_over "$1" "$2" "$3" "$4"
  else put_file "$2/$4" "$3/$4"
  fi
}

# Which of what was decided is tended, fields separated by tabs: name, where it is kept.
note_tended() {
  : >"$work/tended"
  [ ! -s "$work/decided" ] || awk -F '\t' -v OFS='\t' -v tree="$release/tree" -v whole="$base/shared/repository" '
    $1 != "data" { next }
    # Of the repository no part is tended but all of it, whatever of it is mounted.
    $3 == whole || index($3, whole "/") == 1 { if (!all++) print ".", whole, "content"; next }
    index($2, tree "/") == 1 { print substr($2, length(tree) + 2), $3, $4 }' "$work/decided" |
    while IFS='	' read -r name place state; do
      if { [ "$state" = content ] && [ -d "$release/tree/$name" ]; } || [ -e "$(placed_last "$name")" ]; then printf '%s\t%s\n' "$name" "$place"; fi
    done >"$work/tended"
  if [ -s "$work/tended" ]; then cp "$work/tended" "$release/tended"; else drop "$release/tended"; fi
  # Where in it other data is mounted, fields separated by tabs: the place, what is mounted there.
  : >"$work/inner-places"
  [ ! -s "$work/decided" ] || LC_ALL=C awk -F '\t' -v OFS='\t' '$1 == "place" { place[$2] = $3 } $1 == "nested" { outer[++n] = $2; what[n] = $3; inner[n] = $4 }
    END { for (i = 1; i <= n; i++) if (outer[i] in place) print place[outer[i]] "/" inner[i], what[i] }' "$work/decided" >"$work/inner-places"
  if [ -s "$work/inner-places" ]; then cp "$work/inner-places" "$release/inner-places"; else drop "$release/inner-places"; fi
}

# There has to be something, which the files of another release may have taken along.
make_inner_places() {
  [ -e "$release/inner-places" ] || return 0
  while IFS='	' read -r at what; do
    if [ -e "$at" ] || [ -L "$at" ]; then continue; fi
    if [ -f "$what" ]; then as_needed mkdir -p "$(dirname "$at")" && as_needed touch "$at" || return 1
    else as_needed mkdir -p "$at" || return 1
    fi
  done <"$release/inner-places"
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
  [ -e "$release/tended" ] || [ -e "$release/kept" ] || [ -e "$release/inner-places" ] || return 0
  tended | sort -u >"$work/tended"
  while IFS='	' read -r name place; do
    [ -d "$place" ] || continue
    tend_one "$name" "$release/tree/$name" "$place" && continue
    cause=data-unplaced reason="there is no room for data in $place, or it may not be written"
    return 1
  done <"$work/tended"
  make_inner_places && return
  cause=data-unplaced reason='there is no room for data within data, or it may not be written'
  return 1
}

# Whether a folder has files that the one it was made of has not, or other ones: is_written FOLDER MADE-OF
is_written() {
  ( cd "$2" && find . ! -type d | LC_ALL=C sort ) >"$work/made-of"
  # shellcheck disable=SC2016 # another shell's words
  as_needed sh -c 'cd "$1" && find . ! -type d' written "$1" | LC_ALL=C sort | comm -23 - "$work/made-of" | grep -q . && return 0
  sums_of "$2" >"$work/made-of"
  cut -c67- "$work/made-of" | sums_at "$1" | LC_ALL=C sort | comm -13 - "$work/made-of" | grep -q .
}

# Of a release that is gone back from: what services have written into folders of its commit stays where it is, and whoever misses it is
# told so: say_left RELEASE
say_left() {
  [ -f "$1/kept" ] || return 0
  while IFS='	' read -r was_kept name; do
    left=$base/shared/files/$was_kept
    if [ ! -d "$left" ] || [ -L "$left" ] || [ ! -d "$1/tree/$name" ]; then continue; fi
    # The same folder serves both.
    ! grep -qsF "$was_kept" "$release/kept" || continue
    is_written "$left" "$1/tree/$name" </dev/null || continue
    logged echo "./$name: what services have written there since stays in $left of the VM; what is live now has another folder"
  done <"$1/kept"
}

# Where the live release has a folder of its commit, when services have written into it and the commit to deploy has something else
# there: written_before NAME PATH
written_before() {
  [ "$1" != . ] || { whole_before; return; }
  [ -n "$previous" ] && [ -f "$base/releases/$previous/kept" ] || return 0
  made_of=$base/releases/$previous/tree/$1
  was_kept=$(awk -F '\t' -v name="$1" '$2 == name { print $1; exit }' "$base/releases/$previous/kept")
  [ -n "$was_kept" ] && [ ! -L "$base/shared/files/$was_kept" ] && [ -d "$base/shared/files/$was_kept" ] && [ -d "$made_of" ] || return 0
  [ "$was_kept" != "$(content_name "$2")" ] || return 0
  ! is_written "$base/shared/files/$was_kept" "$made_of" || printf '%s\n' "$base/shared/files/$was_kept"
}

# The same of the repository itself, which an earlier zebu kept by its content as any other folder, and noted only that services may write
# to it.
whole_before() {
  { [ -n "$previous" ] && [ -d "$base/releases/$previous/tree" ]; } || return 0
  grep -ohsE '/shared/files/[0-9a-f]{40}' "$base/releases/$previous/files.yml" | sort -u | while IFS= read -r each; do
    each=$base$each
    if [ -d "$each" ] && [ ! -L "$each" ] && [ "$(head -n 1 "$base/shared/writable/${each##*/}" 2>/dev/null)" = /tree ]; then
      printf '%s\n' "$each"
      break
    fi
  done
}
