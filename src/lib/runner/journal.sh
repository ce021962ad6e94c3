# shellcheck shell=sh
# The journal: one JSON line a step, one for each line of output of what a step runs. And the files a crash must not
# leave half written.

# Gives back the space that was set aside for a way out of a full disk.
spare() { [ -e "$base/.reserve" ] && rm -f "$base/.reserve"; }

# put FILE TEXT: the whole text or what was there before.
write() { printf '%s\n' "$2" >"$1.new" && mv -T "$1.new" "$1"; }
put() { write "$1" "$2" 2>/dev/null || { spare && write "$1" "$2"; }; }

# append FILE LINE: a line that was cut off before stays alone.
mend() { [ ! -s "$1" ] || tail -c 1 "$1" | read -r _ || echo >>"$1"; }
append() { printf '%s\n' "$2" >>"$1" || { spare; mend "$1"; printf '%s\n' "$2" >>"$1"; }; } 2>/dev/null

# Seconds since 1970 in $clock, as long as the machine is up: without starting a program, and no step of the clock in them.
clock() {
  IFS=. read -r clock _ </proc/uptime
  clock=$((booted + clock))
}

# Whether somebody has set the clock of the machine since the run began; a second is lost to rounding on either side. What was read of it within
# this second, as by fresh_now, is in $dated, and that second in $dated_at.
clock_was_set() {
  clock
  if [ "$clock" != "${dated_at:-}" ]; then dated_at=$clock dated=$(date +%s); fi
  ahead=$((dated - clock))
  [ $ahead -gt 2 ] || [ $ahead -lt -2 ]
}

# One JSON string body: quotes, backslashes, and control characters. Starting a program costs more than anything else the
# runner does itself, so what needs none of this goes without.
# plain TEXT: it is one as it is.
plain() {
  case $masks$1 in
    "$masks") ;;
    /dev/null*[!A-Za-z0-9\ .,:\;\(\)=+@/_-]*) return 1 ;;
    /dev/null*) ;;
    *) return 1 ;;
  esac
}
# The app and its services are no secrets, whatever they are called.
# shellcheck disable=SC2086 # names, each free of blanks
masked() { mask --config "$work/config" "$app" $own_services; }
# Sets $escaped to what escape prints: escape_to TEXT
escape_to() { if plain "$1"; then escaped=$1; else escaped=$(escape "$1"); fi; }
escape() {
  if plain "$1"; then printf '%s' "$1"; return; fi
  printf '%s' "$1" | tr '\000-\037' ' ' | masked | LC_ALL=C sed -e 's/\\/\\\\/g' -e 's/"/\\"/g'
}
note() {
  clock
  escape_to "$2"
  append "$journal" "{\"t\":$clock,\"step\":\"$step\",\"state\":\"$1\",\"detail\":\"$escaped\"}"
}
begin() { step=$1; note begin "$2"; pause; }

# A rehearsal: FOLDER/pause-at names a step to stand still at, until the file is removed or ten minutes are over.
pause() {
  [ -e "$base/pause-at" ] || return 0
  waited=0
  while [ "$(cat "$base/pause-at" 2>/dev/null)" = "$step" ] && [ $waited -lt 3000 ]; do
    [ $waited = 0 ] && note wait "$base/pause-at to be removed"
    waited=$((waited + 1))
    sleep 0.2
  done
}

# Runs a command with its output in the journal, one sed for all of it, and keeps its exit status, in a file of its own for what runs
# beside something else.
status_file=$work/status
with_status() { "$@" </dev/null 2>&1 9>&-; echo $? >"$status_file"; }
to_journal() {
  LC_ALL=C $linewise -e "s/$esc\\[[0-9;]*[A-Za-z]//g" -e 's/[[:cntrl:]]/ /g' -e 's/\\/\\\\/g' -e 's/"/\\"/g' \
    -e 's/.*/{"step":"'"$step"'","line":"&"}/' >>"$journal" || { spare; mend "$journal"; cat >/dev/null; }
}
logged() {
  if [ "$masks" = /dev/null ]; then with_status "$@" | to_journal; else with_status "$@" | masked | to_journal; fi
  read -r ended <"$status_file"
  return "$ended"
}

# Runs a program of the user's, which may leave something running that holds its output: heard for a moment more, which is
# long enough for a busy machine to pass on what was said, and not waited for.
heard() {
  drop "$work/heard"
  mkfifo "$work/heard"
  cat "$work/heard" &
  hearing=$!
  "$@" >"$work/heard" 2>&1
  heard=$?
  { sleep 3; kill $hearing; } >/dev/null 2>&1 &
  enough=$!
  wait $hearing 2>/dev/null
  kill $enough 2>/dev/null
  return $heard
}

# The last line of a step's output that says something, as it was said.
last_line() { sed -n 's/^{"step":"'"$1"'","line":"\(.*\)"}$/\1/p' "$journal" | grep -v '^ *$' | tail -n 1 | sed 's/\\\(.\)/\1/g'; }

# How far the transaction is, for whoever finds it after a crash: prepare (nothing that runs was touched), switch,
# restore, live (verified; only the books are to be written). Only the switch must be on the disk before it begins: when
# the power goes, a lost prepare has changed nothing, and a lost restore or live is a switch.
phase() {
  text="tx_phase=$1 tx_mode=$mode tx_half=$half tx_id=$id tx_run=$run tx_previous=$previous tx_started=$started tx_boot=$boot tx_uptime=$((started - booted))"
  put "$transaction" "$text" || return 1
  [ "$1" != switch ] || sync "$base/runner" "$base/order" "$release/plan" "$transaction" "$journal" "$base" 2>/dev/null
  return 0
}
