# shellcheck shell=sh
# Run in the app's folder: all that is known of the secrets, without a value. Of several lines of a plan the last one holds,
# here as in the shell that reads it.

if [ -d shared/secrets ]; then
  some_secrets=
  for each in shared/secrets/[0-9]*.env; do
    [ ! -e "$each" ] || some_secrets=1
    each=${each##*/}
    each=${each%.env}
    case $each in *[!0-9]*) ;; *) echo "secret-version=$each" ;; esac
  done
  if [ -s shared/secrets/key ]; then IFS= read -r key <shared/secrets/key; printf 'secret-key=%s\n' "$key"; fi
  if [ -f transaction ] && grep -qs tx_mode=secrets transaction && ( exec 8>>lock; flock -ns 8 ); then echo secret-cut-off=1; fi
  set -- shared/secrets/*.json
  [ ! -e "$1" ] || sed -s 's/^/secret-record=/' "$@" 2>/dev/null
  [ -z "$some_secrets" ] || grep -sH '^secrets=[0-9]*[.]env$' releases/*/plan | while IFS=/:= read -r _ release _ _ version; do
    printf 'release-secrets=%s %s\n' "$release" "${version%.env}"
  done
fi
