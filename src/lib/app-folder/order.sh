# shellcheck shell=sh
# The order of releases and runs, as the VM keeps it. They are named by the clock of the client, and the clocks of two
# clients may be days apart, so a name says nothing about the order. The file `order` in the app's folder does: the name of every
# run that is remembered, one a line, oldest first. A run takes its place under the lock before anything else of it is there,
# so that a run which was received and never began has one, too. The file is replaced by rename, so that it is never incomplete.
#
# A release that is not in it was made by an older zebu, which does not write the file, after all that are; the next run adds it.

# in_order FOLDER: the names on standard input, oldest first. What has no place comes last: as its end was written down, which
# was under the lock as well, and what has no end by name among those.
in_order() {
  LC_ALL=C sort -u | LC_ALL=C awk -v folder="$1" '
# include ./member.awk
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

# turns FOLDER: the releases as they were live, oldest first. Going back to one leaves all that were live after it: they were
# fled.
turns() {
  LC_ALL=C awk '
# include ./member.awk
    {
      id = member($0, "id")
      if (id == "" || member($0, "verdict") != "live") next
      if (id in at) for (; n > at[id]; n--) delete at[turn[n]]
      else { turn[++n] = id; at[id] = n }
    }
    END { for (i = 1; i <= n; i++) print turn[i] }' "$1/releases.jsonl" 2>/dev/null
}

# in_turn FOLDER: the names on standard input, the last one first that would be gone back to: those of no turn in order, then
# the others in theirs.
in_turn() {
  { turns "$1"; echo; in_order "$1"; } | LC_ALL=C awk '
    $0 == "" { told = 1; next }
    !told { turn[++n] = $0; at[$0] = n; next }
    $0 in at { there[$0] = 1; next }
    { print }
    END { for (i = 1; i <= n; i++) if (turn[i] in there) print turn[i] }'
}

# All releases, and all journals, in no order and in theirs.
release_names() { ls -1 "$1/releases" 2>/dev/null; }
# shellcheck disable=SC2012 # names of our own
journal_names() { ls -1 "$1/journals" 2>/dev/null | sed -n 's/[.]jsonl$//p'; }
releases_in_order() { release_names "$1" | in_order "$1"; }
journals_in_order() { journal_names "$1" | in_order "$1"; }

# take_place FOLDER RUN: under the lock. What is gone loses its place.
take_place() {
  { release_names "$1"; journal_names "$1"; } | in_order "$1" >"$1/order.new" &&
    printf '%s\n' "$2" >>"$1/order.new" &&
    mv -f "$1/order.new" "$1/order"
}
