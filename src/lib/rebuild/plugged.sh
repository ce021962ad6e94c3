# shellcheck shell=sh
# Whether this machine has its cable in. The bridges of Docker always look so: what counts is the way out, and what is a card.
# $cards: where the kernel has them.

plugged() {
  for card in $( { ip route show default; ip -6 route show default; } 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p'); do
    [ "$(cat "$cards/$card/carrier" 2>/dev/null)" != 1 ] || return 0
  done
  for card in "$cards"/*; do
    [ ! -e "$card/device" ] || [ "$(cat "$card/carrier" 2>/dev/null)" != 1 ] || return 0
  done
  return 1
}

# once_plugged SECONDS: false where it is not by then. Whoever ends this by its id ends its lock, too.
once_plugged() {
  plug_looks=$(($1 / 2))
  until plugged; do
    [ "$plug_looks" -gt 0 ] || return 1
    plug_looks=$((plug_looks - 1))
    sleep 2 6>&- 9>&-
  done
}
