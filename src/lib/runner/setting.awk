# An awk function: which setting of a network or volume a line is about, without its value.

function setting(text) {
  sub(/:".*$/, "", text)
  if (text !~ /^(driver_opts|labels|aux_addresses) /) sub(/ .*$/, "", text)
  return text
}
