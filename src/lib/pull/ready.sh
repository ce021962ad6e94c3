# shellcheck shell=sh
# What there is of git, ssh and gpg in the VM, as `key=value` lines; with root, gpg is installed where it is wanted and missing.

printf 'git=%s\n' "$(git version 2>/dev/null | sed 's/^git version //')"
command -v ssh-keygen >/dev/null && echo keygen=1
if [ "$wants_gpg" = 1 ] && ! command -v gpg >/dev/null && command -v apt-get >/dev/null; then
  as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
  {
    as_root timeout 120 apt-get update -qq -o Acquire::Retries=0 -o Acquire::http::Timeout=10 -o Acquire::https::Timeout=10
    as_root env DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=60 gpg
  } >/dev/null 2>&1
fi
! command -v gpg >/dev/null || echo gpg=1
exit 0
