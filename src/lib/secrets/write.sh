# shellcheck shell=sh
# Makes a version of the secrets that no run goes with; values come over standard input.

set -eu
umask 077
mkdir -p "$base/releases" "$base/journals" "$base/shared/secrets"
cd "$base"
# include ../app-folder/lock.sh
take_lock "$lock_wait"
sign_run "$holder"
# include ../app-folder/secrets/store-part.sh
rm -rf .incoming holder
