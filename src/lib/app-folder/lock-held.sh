# shellcheck shell=sh
# Whether somebody is at work on the app.

# lock_held: whether somebody has the app's lock. It is asked for shared, for a moment, and nothing is written: also who may only
# read the app's folder can ask.
lock_held() { [ -f "$base/lock" ] && ! flock -ns 8 8<"$base/lock"; }

# Whether a run is under way, or left something open that is to be ended first: then nothing is judged.
at_work() { [ -f "$base/transaction" ] || lock_held; }
