# shellcheck shell=sh
# What of the files of a commit was changed since git made them, told by the time of the change, which nobody can set: one look at each
# file and folder, and nothing of them is read. For large repositories, where to go through all folders takes twice as long again.

# The index of some 2,000 files, in bytes: fewer are looked at as fast in any way.
large_index=200000

# Notes when the files of a commit were made, for what is changed after it to be told by its time; what the clock said of the machine's
# own time is in it, and which commit: mark_checkout MARK [COMMIT]
mark_checkout() { read -r up_ _ </proc/uptime && printf '%s\n' "${up_%.*}" "${2-}" >"$1"; } 2>/dev/null

# Until whatever is changed from here on has another time than the mark: pass_mark MARK FILE, which is written.
pass_mark() {
  tries_=0
  # shellcheck disable=SC3013 # dash and ash know it, and it starts no program
  while [ -e "$1" ] && [ ! "$2" -nt "$1" ]; do
    # A clock that stands still.
    [ $((tries_ += 1)) -lt 2100 ] || { drop "$1"; return 0; }
    # Most shells see its next tick, which is milliseconds away; that of busybox sees seconds, and would keep a processor busy for one.
    [ $tries_ -lt 2000 ] || sleep 0.02
    : >"$2"
  done
}

# Whether the clock was not set since, as a step back would make what is new look old.
marks_time() {
  read -r up_at_ <"$1" && read -r up_ _ </proc/uptime && set_at_=$(stat -c %Y "$1") && now_=$(date +%s) || return 1
  step_=$((now_ - set_at_ - (${up_%.*} - up_at_)))
  [ $step_ -ge -1 ] && [ $step_ -le 1 ]
} 2>/dev/null

# Git, with whatever somebody prefers where it decides what is seen of a change, or runs something: plain_git REPOSITORY WORD...
plain_git() {
  repository_=$1
  shift
  git -c core.trustctime=true -c core.checkStat=default -c core.ignoreStat=false -c core.fsmonitor=false -c core.hooksPath=/dev/null \
    --git-dir="$repository_" --work-tree=. "$@"
}

# What came to the folders of a commit since the mark, and what of the folders themselves was changed, by the time that nobody can set. What
# comes, goes or gets another name changes the folder that it is in: no other is looked into. Names, each with a NUL behind it, in LIST.files,
# LIST.new for folders, LIST.git for repositories within, and LIST.folders for folders of the commit that were changed, the top left out.
# Fails where that cannot be told, or where a folder is not there, another one's, or none: came_since MARK FOLDER LIST REPOSITORY
came_since() {
  marks_time "$1" && { read -r _ && read -r of_; } <"$1" && [ -n "$of_" ] || return 1
  me_=$(id -u)
  (
    cd "$2" && git --git-dir="$4" ls-tree -r -d -z --full-tree --name-only "$of_" >"$3.all" || exit 1
    { printf '.\000'; sed -z 's|^|./|' "$3.all"; } >"$3.tops"
    # shellcheck disable=SC2016 # for that shell
    xargs -0 sh -c 'mark=$1 me=$2; shift 2; find "$@" -maxdepth 0 -type d -user "$me" -perm 755 ! -cnewer "$mark" -o -print0' - "$1" "$me_" <"$3.tops" >"$3.tops-touched" || exit 1
    # Of more, git is as fast. Nothing is looked at behind a link.
    [ "$(wc -c <"$3.tops-touched")" -lt 100000 ] || exit 1
    # shellcheck disable=SC2016 # for that shell
    odd_=$(xargs -0 -r sh -c 'me=$1; shift; find "$@" -maxdepth 0 "(" ! -type d -o ! -user "$me" ")"' - "$me_" <"$3.tops-touched") && [ -z "$odd_" ] || exit 1
    : >"$3.git" && : >"$3.came" && : >"$3.files" || exit 1
    # shellcheck disable=SC2016 # for that shell
    xargs -0 -r sh -c 'mark=$1 me=$2 list=$3; shift 3; find "$@" -mindepth 1 -maxdepth 1 -name .git -fprintf "$list.git" "%p\0" \
      -o -type d "(" ! -perm 755 -o ! -user "$me" -o -cnewer "$mark" ")" -fprintf "$list.came" "%p\0" \
      -o ! -type d "(" ! -type l ! -perm 644 ! -perm 755 -o ! -user "$me" -o -links +1 -o -cnewer "$mark" ")" -fprintf "$list.files" "%p\0"' \
      - "$1" "$me_" "$3" <"$3.tops-touched" || exit 1
    LC_ALL=C sort -zu "$3.tops-touched" >"$3.tops" && LC_ALL=C sort -zu "$3.came" >"$3.all" || exit 1
    LC_ALL=C comm -z -13 "$3.tops" "$3.all" >"$3.new" && sed -z -e '/^[.]$/d' -e 's|^[.]/||' "$3.tops" >"$3.folders" || exit 1
    sed -zi 's|^[.]/||' "$3.files" "$3.new" "$3.git"
  ) 2>/dev/null
}
came_lists() { drop "$1.files" "$1.new" "$1.git" "$1.folders" "$1.all" "$1.tops" "$1.tops-touched" "$1.came" "$1.changed" "${1%-touched}-written"; }

# The files of the commit that are not as git made them: gone, changed, or another one in their place. Git tells it by the time as well, but
# only to the second: the few that were written last, whose names are in WRITTEN, are told by the mark. Names as above in LIST.changed:
# changed_files MARK FOLDER LIST REPOSITORY INDEX WRITTEN
changed_files() {
  (
    [ -f "$6" ] && cd "$2" && GIT_INDEX_FILE=$5 plain_git "$4" diff-files -z --name-only >"$3.changed" || exit 1
    sed -z 's|^|./|' "$6" >"$3.tops" || exit 1
    # One that is gone is in the list already.
    # shellcheck disable=SC2016 # for that shell
    xargs -0 -r sh -c 'mark=$1 me=$2; shift 2; find "$@" -maxdepth 0 "(" -type d -o ! -type l ! -perm 644 ! -perm 755 -o ! -user "$me" -o -links +1 -o -cnewer "$mark" ")" -print0 || :' - "$1" "$(id -u)" <"$3.tops" >"$3.tops-touched" &&
      sed -z 's|^[.]/||' "$3.tops-touched" >>"$3.changed"
  ) 2>/dev/null
}
