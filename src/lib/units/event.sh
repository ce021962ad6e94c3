# shellcheck shell=sh
# What happened in the VM, for whoever tells people: FOLDER/events/events.jsonl, a JSON line each, the last ones of them, and
# FOLDER/events/new since there are any that nobody has taken. For programs of units, and for the runner.

# json_text TEXT: the body of a JSON string.
json_text() { printf '%s' "$1" | tr '\000-\037' ' ' | LC_ALL=C sed -e 's/\\/\\\\/g' -e 's/"/\\"/g'; }

event_program='
# include ./event.pl
'
# event FOLDER KIND MEMBERS [TIME]: MEMBERS are those of JSON, as in `"ref":"v1"`, without secrets; TIME is when, in Unix time, for who has
# it already.
event() {
  (
    umask 077
    cd "$1/events" 2>/dev/null || { mkdir -p "$1/events" && cd "$1/events"; } || exit 1
    LC_ALL=C perl -e "$event_program" <<EVENT
{"t":${4:-$(date +%s)},"event":"$2",$3}
EVENT
  )
}
