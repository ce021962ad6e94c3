# shellcheck shell=sh
# What a machine does once it is up in which a rebuild had stopped the app: it serves, whatever has become of who wanted that. Where it is
# unplugged another one does.

# include ../app-folder/lock.sh
# include ../app-folder/stopped.sh
# include ../app-folder/compose-program.sh
cd "$base" || exit "$MISSING"
[ -f rebuild-stopped ] || exit 0
# include ./plugged.sh
# include ./start-again.sh
once_plugged 120 || exit 0
engine_looks=0
until timeout 60 docker version >/dev/null 2>&1; do
  engine_looks=$((engine_looks + 1))
  [ "$engine_looks" -lt 120 ] || exit 1
  sleep 1
done
take_lock 1200
sign_lock "$holder"
start_again
