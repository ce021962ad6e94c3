# shellcheck shell=sh
# Whether this machine has its cable in. $cards: where the kernel has its cards, with much that is none: the bridges of Docker and what is
# plugged into them always look so, and so does a tunnel. Where none is a device, as in a container, any other Ethernet counts.

plugged() {
  devices=no others=no
  for card in "$cards"/*; do
    carrier=$(cat "$card/carrier" 2>/dev/null)
    if [ -e "$card/device" ]; then
      devices=yes
      [ "$carrier" != 1 ] || return 0
    elif [ ! -e "$card/bridge" ] && [ ! -e "$card/brport" ] && [ "$(cat "$card/type" 2>/dev/null)" = 1 ]; then
      [ "$carrier" != 1 ] || others=yes
    fi
  done
  [ "$devices" = no ] && [ "$others" = yes ]
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
