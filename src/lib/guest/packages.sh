# shellcheck shell=sh
# Functions about Debian's packages, for root. Without a way to a mirror an installation has to end soon.

# Those of the names that are not installed.
missing_packages() {
  command -v dpkg-query >/dev/null || return 0
  for package; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$package"
  done
}

# Fails with what apt said last on standard error.
install_packages() {
  package_log=$(mktemp)
  {
    timeout 60 apt-get update -qq -o Acquire::Retries=0 -o Acquire::http::Timeout=10 -o Acquire::https::Timeout=10
    DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=60 -o Acquire::Retries=0 -o Acquire::http::Timeout=15 "$@"
  } >"$package_log" 2>&1
  package_status=$?
  [ $package_status = 0 ] || tail -n 1 "$package_log" >&2
  rm -f "$package_log"
  return $package_status
}
