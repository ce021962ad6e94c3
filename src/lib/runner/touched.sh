# shellcheck shell=sh
# What of the files of a commit was changed since git made them, told by the time of the change, which nobody can set: one look at each
# file, and nothing of it is read. For large repositories, where git's own look takes as long again.

# The index of some 2,000 files, in bytes: fewer are looked at as fast in any way.
large_index=200000

# Notes when the files of a commit were made, for what is changed after it to be told by its time; what the clock said of the machine's
# own time is in it: mark_checkout MARK
mark_checkout() { read -r up_ _ </proc/uptime && printf '%s\n' "${up_%.*}" >"$1"; } 2>/dev/null

# Until whatever is changed from here on has another time than the mark: pass_mark MARK FILE, which is written.
pass_mark() {
  tries_=0
  # shellcheck disable=SC3013 # dash and ash know it, and it starts no program
  while [ -e "$1" ] && [ ! "$2" -nt "$1" ]; do
    # A clock that stands still.
    [ $((tries_ += 1)) -lt 100000 ] || { drop "$1"; return 0; }
    : >"$2"
  done
}

# Whether the clock was not set since, as a step back would make what is new look old.
marks_time() {
  read -r up_at_ <"$1" && read -r up_ _ </proc/uptime && set_at_=$(stat -c %Y "$1") && now_=$(date +%s) || return 1
  step_=$((now_ - set_at_ - (${up_%.*} - up_at_)))
  [ $step_ -ge -1 ] && [ $step_ -le 1 ]
} 2>/dev/null

# What is not as git made it, of the files of a commit: all that was changed, made or moved since the mark, by the time that nobody can
# set, and what is not git's whenever it was done (another owner or mode, another name besides). Names, each with a NUL behind it, in
# LIST.files, LIST.folders, LIST.foreign for folders of another owner, and LIST.git for repositories within; leaves in $untouched how many
# files are neither: touched_since MARK FOLDER LIST. Fails where that cannot be told.
touched_since() {
  marks_time "$1" || return 1
  me_=$(id -u)
  ( cd "$2" && find . -mindepth 1 -name .git -prune -fprintf "$3.git" '%P\0' \
      -o -type d ! -user "$me_" -fprintf "$3.foreign" '%P\0' \
      -o -type d '(' ! -perm 755 -o -cnewer "$1" ')' -fprintf "$3.folders" '%P\0' \
      -o ! -type d '(' ! -type l ! -perm 644 ! -perm 755 -o ! -user "$me_" -o -links +1 -o -cnewer "$1" ')' -fprintf "$3.files" '%P\0' \
      -o ! -type d -printf . ) >"$3.others" 2>/dev/null || return 1
  untouched=$(wc -c <"$3.others")
}

# How many files git has made, from the head of its index.
files_made() { od -A n -t u4 --endian=big -j 8 -N 4 "$1" | tr -d ' '; }
