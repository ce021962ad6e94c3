# shellcheck shell=sh
# Between two looks at a lock that somebody holds without a note, 99 of them: that one has just got it, or has ended and still writes.

pause_for_lock() { if [ "$1" -lt 20 ]; then sleep .05; else sleep .5; fi; }
