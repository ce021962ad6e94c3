# shellcheck shell=sh
# The units in $record that are of $app, a line each: name and digest.

# include ./digests.sh
unit_digests "$record" "$app"
