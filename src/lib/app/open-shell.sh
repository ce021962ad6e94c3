# shellcheck shell=sh
# The better shell of those that an image has.

if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi
