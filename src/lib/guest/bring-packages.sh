# shellcheck shell=sh
# Installs those of $packages that are missing; says `failed=` and why where that cannot be.

# include ./packages.sh
# shellcheck disable=SC2086 # names, each free of blanks
missing=$(missing_packages $packages)
# shellcheck disable=SC2086 # names, each free of blanks
[ -z "$missing" ] || why=$(install_packages $missing 2>&1 </dev/null) || printf 'failed=%s: %s\n' "${missing% }" "${why:-it takes too long}"
