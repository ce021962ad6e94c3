# shellcheck shell=sh
# Sets `$masks` for the app whose secrets are in $secrets_folder, and defines `mask`.

masks=$secrets_folder
# include ./any.sh
any_secrets "$masks" || masks=/dev/null
# include ./mask.sh
