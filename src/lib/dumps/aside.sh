# shellcheck shell=sh
# Old data that is put aside for as long as it is not decided whether the new is good, by renaming it where it lies. What was done is in the
# file FOLDER/data/aside before it is done, a line each: moved|PATH, copied|PATH (the original is worked on), or absent|PATH. Whoever
# finds the file after a crash puts all of it back, or removes it. $aside_name is the name that is added.

# include ./stores.sh

note_aside() { printf '%s\n' "$1" >>"$base/data/aside" && sync "$base/data/aside" "$base/data" 2>/dev/null; }

# Fails with $why where it cannot be renamed.
can_be_renamed() {
  case $1 in *'|'*|*'
'*) why="$1 has a name that is not taken"; return 1 ;; esac
  if as_root mountpoint -q "$1" 2>/dev/null; then why="$1 is a file system of its own: keep the data in a folder below it"; return 1; fi
}

# aside_folder PATH: and an empty one in its place, for the same owner.
aside_folder() {
  can_be_renamed "$1" || return 1
  note_aside "moved|$1" &&
    as_root mv -T "$1" "$1$aside_name" && as_root mkdir "$1" && as_root chown "$(as_root stat -c %u:%g "$1$aside_name")" "$1" && as_root chmod "$(as_root stat -c %a "$1$aside_name")" "$1" && return 0
  why="$1 could not be put aside"
  return 1
}

# root_finds PATH: yes or no; nothing where root could not be asked, which says neither.
# shellcheck disable=SC2016 # the words of another shell
root_finds() { as_root sh -c 'if [ -e "$1" ] || [ -L "$1" ]; then echo yes; else echo no; fi' _ "$1"; }

# aside_file PATH: nothing is left there. One that is not there is not there afterwards, either.
aside_file() {
  case $(root_finds "$1") in
    no) note_aside "absent|$1"; return ;;
    yes) ;;
    *) why="$1 could not be looked at"; return 1 ;;
  esac
  note_aside "moved|$1" && as_root mv -T "$1" "$1$aside_name" && return 0
  why="$1 could not be put aside"
  return 1
}

# aside_copy PATH: where what is there is needed.
aside_copy() {
  can_be_renamed "$1" || return 1
  note_aside "copied|$1" &&
    as_root cp -a --reflink=auto "$1" "$1$aside_name.part" && as_root mv -T "$1$aside_name.part" "$1$aside_name" && return 0
  why="there is no room for a copy of $1, or it may not be made"
  return 1
}

# Of the two one is always there: renaming is all that happens to the old.
put_back() {
  [ -s "$base/data/aside" ] || return 0
  back=0
  while IFS='|' read -r store_how store_path; do
    case $store_how in
      absent) as_root rm -rf "$store_path" || back=1 ;;
      *)
        as_root rm -rf "$store_path$aside_name.part" || back=1
        case $(root_finds "$store_path$aside_name") in
          no) ;;
          yes) { as_root rm -rf "$store_path" && as_root mv -T "$store_path$aside_name" "$store_path"; } || back=1 ;;
          *) back=1 ;;
        esac
        ;;
    esac </dev/null
  done <"$base/data/aside"
  return $back
}

forget_aside() {
  [ -s "$base/data/aside" ] || return 0
  while IFS='|' read -r store_how store_path; do
    [ "$store_how" = absent ] || as_root rm -rf "$store_path$aside_name" "$store_path$aside_name.part" </dev/null
  done <"$base/data/aside"
  rm -f "$base/data/aside"
}
