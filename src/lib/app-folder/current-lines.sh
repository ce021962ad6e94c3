# shellcheck shell=sh
# Prints what current-link.sh sets as `link=`, and the name of the live release as `current=`: nothing where the link leads
# to none.

# include ./current-link.sh
printf 'current=%s\nlink=%s\n' "$(readlink current 2>/dev/null | sed -n 's|^releases/\([^/]*\)$|\1|p')" "$link"
