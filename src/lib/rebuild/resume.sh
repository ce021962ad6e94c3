# shellcheck shell=sh
# Starts what a rebuild that was interrupted has left stopped.

# include ../app-folder/lock.sh
# include ../app-folder/stopped.sh
# include ../app-folder/compose-program.sh
cd "$base" || exit "$MISSING"
[ -f rebuild-stopped ] || exit 0
# Who waits for the machine to be shut down need not: whoever wanted that is gone.
waiting=/dev/shm/zebu-rebuild-$project
[ ! -f "$waiting" ] || { kill "$(cat "$waiting")"; rm -f "$waiting"; }
# Whoever holds it may be just about to.
take_lock 120
sign_lock "$holder"
# include ./start-again.sh
start_again
