# shellcheck shell=sh
# Tries the login at each registry as a deploy would, with the tokens on standard input and else those that the VM has; nothing of
# it stays. Prints for each `NUMBER|CAUSE|WORDS`, without a cause where it is accepted.

umask 077
work=$(mktemp -d "/dev/shm/zebu-${app}_doctor.XXXXXX" 2>/dev/null || mktemp -d) || exit 1
trap 'forget_authorities; rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
# include ../app-folder/registry-login.sh
# The newest version, as a deploy would have it.
# shellcheck disable=SC2012 # names of zebu's own
latest=$(ls "$secrets_folder" 2>/dev/null | sort -n | sed -n '/^[0-9]*[.]env$/p' | tail -n 1)
cat >"$work/tokens"
[ -z "$latest" ] || cat "$secrets_folder/$latest" >"$work/stored"
number=0
attempt() {
  cause='' reason=''
  # A name that is there twice would be assigned twice, the value in the VM last.
  tokens=$(cat "$work/tokens")
  case "
$tokens" in
    *"
$3="*) ;;
    *) tokens=$(cat "$work/stored" 2>/dev/null) ;;
  esac
  log_in "$@"
  printf '%s|%s|%s\n' "$number" "$cause" "$(printf '%s' "$reason" | mask)"
  number=$((number + 1))
}
# shellcheck disable=SC2086 # hosts, each free of blanks
open_logins $hosts && each_registry "$hosts" attempt
