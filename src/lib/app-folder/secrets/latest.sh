# shellcheck shell=sh
# Sets `store`, `latest` (number, empty for none) and `version` (the file in force). Run in the app's folder under the lock.
# An interrupted change is ended first: until then it is not decided which values are in force.

store=shared/secrets
if [ -f transaction ] && grep -qs tx_mode=secrets transaction; then sh ./runner recover "$PWD" - - worker </dev/null >/dev/null 2>&1 || :; fi
set -- $store/*.new
[ ! -e "$1" ] || rm -f "$@"
# include ./newest.sh
latest=$(newest_secrets $store)
version=
[ -z "$latest" ] || version=$latest.env
