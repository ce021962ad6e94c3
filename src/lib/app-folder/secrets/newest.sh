# shellcheck shell=sh
# Which version of the secrets is the newest, also for who may only read them.

# newest_secrets FOLDER: the number of the newest version file in it; nothing where there is none.
newest_secrets() {
  newest=0
  for each in "$1"/[0-9]*.env; do
    each=${each##*/}
    each=${each%.env}
    case $each in *[!0-9]*) continue ;; esac
    # What is no number of a shell is none of ours.
    [ "$each" -gt "$newest" ] 2>/dev/null && newest=$each
  done
  [ "$newest" = 0 ] || echo "$newest"
}
