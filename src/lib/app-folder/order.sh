# shellcheck shell=sh
# What came after what, by the VM's own word. A release and a run are named by the clock of whoever asked for them, and two
# clocks may be days apart: a name says nothing about its place. The file `order` in the app's folder does: the name of every
# run that is remembered, one a line, oldest first. A run takes its place under the lock before anything else of it is there,
# so that one which was received and never began has one, too; the file is replaced as a whole, so that it is never half of one.
#
# What is not in it was made by a zebu that did not write it, after everything that is; the next run gives it its place.

# in_order FOLDER: the names on standard input, oldest first. What has no place comes last: as its end was written down, which
# was under the lock as well, and what has no end by name among those.
in_order() {
  LC_ALL=C sort -u | LC_ALL=C awk -v folder="$1" '
    function member(text, key) {
      if (!match(text, "\"" key "\":\"[^\"]*\"")) return ""
      return substr(text, RSTART + length(key) + 4, RLENGTH - length(key) - 5)
    }
    function add(each) { if (each != "" && !(each in known)) { known[each] = 1; list[++n] = each } }
    { wanted[$0] = 1; name[++m] = $0 }
    END {
      while ((getline line < (folder "/order")) > 0) add(line)
      placed = n
      while ((getline line < (folder "/releases.jsonl")) > 0) { run = member(line, "run"); add(run == "" ? member(line, "id") : run) }
      for (i = 1; i <= m; i++) if (!(name[i] in known)) other[++others] = name[i]
      for (i = 1; i <= n; i++) {
        if (!(list[i] in wanted)) continue
        if (i > placed) while (said < others && other[said + 1] < list[i]) print other[++said]
        print list[i]
      }
      while (said < others) print other[++said]
    }'
}

# in_turn FOLDER: the names on standard input, the last one first that would be gone back to. Those that were live stand after
# the others, and going back to one leaves all that were live after it: they were fled.
in_turn() {
  in_order "$1" | LC_ALL=C awk -v folder="$1" '
    function member(text, key) {
      if (!match(text, "\"" key "\":\"[^\"]*\"")) return ""
      return substr(text, RSTART + length(key) + 4, RLENGTH - length(key) - 5)
    }
    BEGIN {
      while ((getline line < (folder "/releases.jsonl")) > 0) {
        id = member(line, "id")
        if (id == "" || member(line, "verdict") != "live") continue
        if (id in at) for (; n > at[id]; n--) delete at[turn[n]]
        else { turn[++n] = id; at[id] = n }
      }
    }
    $0 in at { there[$0] = 1; next }
    { print }
    END { for (i = 1; i <= n; i++) if (turn[i] in there) print turn[i] }'
}

# In order: all releases, and all journals.
# shellcheck disable=SC2012 # names of our own, or of containers
releases_in_order() { ls -1 "$1/releases" 2>/dev/null | in_order "$1"; }
# shellcheck disable=SC2012 # names of our own, or of containers
journals_in_order() { ls -1 "$1/journals" 2>/dev/null | sed -n 's/[.]jsonl$//p' | in_order "$1"; }

# take_place FOLDER RUN: under the lock. What is gone loses its place.
take_place() {
  # shellcheck disable=SC2012 # names of our own, or of containers
  { ls -1 "$1/releases"; ls -1 "$1/journals" | sed -n 's/[.]jsonl$//p'; } 2>/dev/null | in_order "$1" >"$1/order.new" &&
    printf '%s\n' "$2" >>"$1/order.new" &&
    mv -f "$1/order.new" "$1/order"
}
