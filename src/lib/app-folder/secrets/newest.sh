# shellcheck shell=sh
# Which version of the secrets is the newest, also for who may only read them.

# newest_secrets FOLDER: the number of the newest version file in it; nothing where there is none.
newest_secrets() {
  # shellcheck disable=SC2012 # names of our own
  ls "$1" 2>/dev/null | awk -F. '/^[0-9]+[.]env$/ && $1 > newest { newest = $1 } END { print newest }'
}
