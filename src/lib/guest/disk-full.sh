# shellcheck shell=sh
# What the kernel says of a full disk, whichever program passes it on.

says_disk_full() { case $1 in *'o space left on device'*) ;; *) return 1 ;; esac; }
