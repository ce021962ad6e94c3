# shellcheck shell=sh
# Sets `$masks` for the app whose secrets are in $secrets_folder, and defines `mask`.

masks=$secrets_folder
# shellcheck disable=SC2010 # what it says is asked, not what there is
ls "$masks" 2>/dev/null | grep -q '[.]env' || masks=/dev/null
# include ./mask.sh
