# shellcheck shell=sh
# A rehearsal: the first half is a deploy that ends before the switch, so that the machine has the release and its images; the second is the
# rest of it, in a copy of the machine that has both and no network.

# Ends the first half. Nothing that runs was touched, and the history has nothing of it.
prepared() { finish refused rehearsed 'it was only prepared, to be rehearsed in a copy of the VM'; }

# What the second half needs to know of the first.
rehearse_start() {
  begin check ''
  limit=300
  check_config || finish refused "$cause" "$reason"
  list_before 9>&- &
  listing=$!
}
