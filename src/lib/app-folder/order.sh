# shellcheck shell=sh
# The order of releases and runs, as the VM keeps it. They are named by the clock of the client, and the clocks of two
# clients may be days apart, so a name says nothing about the order. The file `order` in the app's folder does: the name of every
# run that is remembered, one a line, oldest first. A run takes its place under the lock before anything else of it is there,
# so that a run which was received and never began has one, too. The file is replaced by rename, so that it is never incomplete.
#
# A release that is not in it was made by an older zebu, which does not write the file, after all that are; the next run adds it.

# in_order FOLDER [turns]: the names on standard input, oldest first. What has no place comes last: as its end was written down, which
# was under the lock as well, and what has no end by name among those. With "turns" those that had a turn come behind all others, the
# last one first that would be gone back to.
in_order() {
  LC_ALL=C awk -v folder="$1" -v by="${2:-}" '
# include ./member.awk
# include ./turns.awk
    function add(each) { if (each != "" && !(each in known)) { known[each] = 1; list[++n] = each } }
    function add_by_name(each,   i) { for (i = ++others; i > 1 && (other[i - 1] "") > (each ""); i--) other[i] = other[i - 1]; other[i] = each }
    function put(each) { if (each in at) there[each] = 1; else print each }
    { wanted[$0] = 1 }
    END {
      history = folder "/releases.jsonl"
      if (by == "turns") turns = read_turns(history)
      while ((getline line < (folder "/order")) > 0) add(line)
      placed = n
      while ((getline line < history) > 0) { run = member(line, "run"); add(run == "" ? member(line, "id") : run) }
      for (each in wanted) if (!(each in known)) add_by_name(each)
      for (i = 1; i <= n; i++) {
        if (!(list[i] in wanted)) continue
        if (i > placed) while (said < others && (other[said + 1] "") < (list[i] "")) put(other[++said])
        put(list[i])
      }
      while (said < others) put(other[++said])
      for (i = 1; i <= turns; i++) if (turn[i] in there) print turn[i]
    }'
}

# turns FOLDER: the releases as they were live, oldest first.
turns() {
  LC_ALL=C awk -v history="$1/releases.jsonl" '
# include ./member.awk
# include ./turns.awk
    BEGIN { turns = read_turns(history); for (i = 1; i <= turns; i++) print turn[i] }'
}

# names FOLDER [ENDING]: of what is in it and ends so, without the ending.
names() {
  ending=${2:-}
  for each in "$1"/*"$ending"; do
    each=${each##*/}
    [ "$each" = "*$ending" ] || printf '%s\n' "${each%"$ending"}"
  done
}

# All releases, and all journals, in no order and in theirs.
release_names() { names "$1/releases"; }
journal_names() { names "$1/journals" .jsonl; }
releases_in_order() { release_names "$1" | in_order "$1"; }
journals_in_order() { journal_names "$1" | in_order "$1"; }

# places FOLDER: the same of all that is there, told by the file alone. Fails where something there has no place in it, and for so much
# that awk is faster than a shell, which reads byte by byte.
places() {
  there=0 placed=' '
  for each in "$1"/releases/*; do [ ! -e "$each" ] || there=$((there + 1)); done
  for each in "$1"/journals/*.jsonl; do
    each=${each##*/}
    [ ! -e "$1/journals/$each" ] || [ -e "$1/releases/${each%.jsonl}" ] || there=$((there + 1))
  done
  [ $there -le 50 ] && [ -e "$1/order" ] || return 1
  while IFS= read -r each; do
    case $placed in *" $each "*) return 1 ;; esac
    if [ -n "$each" ] && { [ -e "$1/releases/$each" ] || [ -e "$1/journals/$each.jsonl" ]; }; then
      placed="$placed$each " there=$((there - 1))
      printf '%s\n' "$each"
    fi
  done <"$1/order"
  [ $there = 0 ]
}

# take_place FOLDER RUN: under the lock. What is gone loses its place.
take_place() {
  { places "$1" >"$1/order.new" || { release_names "$1"; journal_names "$1"; } | in_order "$1" >"$1/order.new"; } &&
    printf '%s\n' "$2" >>"$1/order.new" &&
    mv -f "$1/order.new" "$1/order"
}
