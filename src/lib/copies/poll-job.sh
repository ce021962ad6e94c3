# shellcheck shell=sh
# How a job is, in one line: running, gone, or "ended" with its exit status; then what it has said from line $from on, at most what
# the guest agent hands on.

if [ -f "$base.code" ]; then echo "ended $(cat "$base.code")"
elif [ -d "/proc/$(cat "$base.pid" 2>/dev/null || echo none)" ]; then echo running
elif [ -f "$base.code" ]; then echo "ended $(cat "$base.code")"
else echo gone
fi
tail -n "+$from" "$base.out" 2>/dev/null | head -c 200000
