# shellcheck shell=sh
# Sets `$linewise` in a script: a sed that writes out each line at once. `sed -u` does, too, but reads byte by byte: ten
# thousand lines a second instead of hundreds of thousands.

linewise='sed -u'
! command -v stdbuf >/dev/null || linewise='stdbuf -oL sed'
