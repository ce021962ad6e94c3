# shellcheck shell=sh
# Starts $program beside this connection, which it outlives.

( setsid sh "$program" </dev/null >/dev/null 2>&1 & )
