# shellcheck shell=sh
# mask: takes the values of the app whose secrets are in the folder `$masks` out of text, and nothing where that is /dev/null. Further
# arguments as of the program, mask.pl.

mask() { if [ "$masks" = /dev/null ]; then cat; else LC_ALL=C perl -e "$mask_program" "$masks" "$@"; fi; }
