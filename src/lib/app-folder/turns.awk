# An awk function, with member.awk: reads the history, and fills turn[1] to turn[N] with the releases as they were live, oldest first, and
# at[RELEASE] with its number. Going back to one leaves all that were live after it: they were fled. Returns N.

function read_turns(file,   line, id, n) {
  while ((getline line < file) > 0) {
    id = member(line, "id")
    if (id == "" || member(line, "verdict") != "live") continue
    if (id in at) for (; n > at[id]; n--) delete at[turn[n]]
    else { turn[++n] = id; at[id] = n }
  }
  close(file)
  return n
}
