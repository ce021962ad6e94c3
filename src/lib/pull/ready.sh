# shellcheck shell=sh
# What there is of git, ssh and gpg in the VM, as `key=value` lines.

printf 'git=%s\n' "$(git version 2>/dev/null | sed 's/^git version //')"
command -v ssh-keygen >/dev/null && echo keygen=1
! command -v gpg >/dev/null || echo gpg=1
exit 0
