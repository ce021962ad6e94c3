#!/bin/sh
# Runs a program where the user's home, as /etc/passwd has it, is another one: OpenSSH reads its files there, whatever HOME
# says. In a mount namespace of its own, so that nobody else notices.
# usage: enter.sh PASSWD FOLDER PROGRAM [ARGUMENT ...]

set -eu
mount --bind "$1" /etc/passwd
cd "$2"
shift 2
exec "$@"
