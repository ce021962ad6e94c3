# shellcheck shell=sh
# Prints what current-link.sh sets as `link=`, and the name of the live release as `current=`: nothing where the link leads
# to none.

# include ./current-link.sh
# include ./live-name.sh
printf 'current=%s\nlink=%s\n' "$(live_name)" "$link"
