# shellcheck shell=sh
# Has the unit in the VM send a test: sets $base, $to (a receiver, or empty for all), $test_id and $by, as they stand in JSON.

# include ../../units/event.sh
cd "$base" || exit 1
event "$base" test "\"to\":\"$to\",\"test\":\"$test_id\",\"who\":\"$by\""
