# shellcheck shell=sh
# Prints what the serial port behind the $socket says, and ends with its own standard input.

exec 3<&0
{ cat <&3; kill $$; } >/dev/null 2>&1 &
exec socat -u "UNIX-CONNECT:$socket" STDOUT </dev/null 3<&-
