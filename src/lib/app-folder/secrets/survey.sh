# shellcheck shell=sh
# Run in the app's folder: all that is known of the secrets, without a value. Of several lines of a plan the last one holds,
# here as in the shell that reads it.

if [ -d shared/secrets ]; then
  # shellcheck disable=SC2012 # names of our own
  ls shared/secrets | sed -n 's/^\([0-9][0-9]*\)[.]env$/secret-version=\1/p'
  [ -s shared/secrets/key ] && sed 's/^/secret-key=/' shared/secrets/key
  if [ -f transaction ] && grep -qs tx_mode=secrets transaction && ( exec 8>>lock; flock -ns 8 ); then echo secret-cut-off=1; fi
  sed -s 's/^/secret-record=/' shared/secrets/*.json 2>/dev/null
  grep -sH '^secrets=[0-9]*[.]env$' releases/*/plan | sed 's|^releases/\([^/]*\)/plan:secrets=\([0-9]*\).*|release-secrets=\1 \2|'
fi
