# shellcheck shell=sh
# Docker asks a container's health check for the first time when its interval is over, which may be half a minute. What has just been
# started is asked here meanwhile, by the same command in the same container: one "well" is as good as another. That it is
# not well, and for how long that may be, only Docker decides.

# include ../app-folder/health-check.sh
# Who only watches leaves everything as it is.
may_ask() { [ "$mode" != watch ] && engine_near; }

# The runner may be killed; $work goes with it.
is_wanted() { kill -0 $$ 2>/dev/null && [ -e "$work/now" ]; }

# Sets $lasting, the seconds that it has to be well; what Docker asks as often as that is left to Docker.
may_last() { lasting=${stability%%.*}; [ "$lasting" -lt 5 ] || lasting=5; }

# Sets what check_of does from the last look, and $lasting, for how long it has to be well. Fails where there is no check, where a shell that the image has chosen
# would run it, and where Docker is no later with what it says by itself: may_be_asked ID
may_be_asked() {
  may_last
  [ -s "$work/checks" ] || return 1
  while read -r checked allowed every_ early starting check; do [ "$checked" != "$1" ] || break; done <"$work/checks"
  [ "${every_:-0}" -gt $((lasting * 1000)) ]
}

# Until it is well, which is noted as SERVICE|STARTED: ask_health ID STARTED SERVICE, behind may_be_asked. Well once may be on its way down, or a server
# that only makes its first database: it has to be well for a while.
ask_health() {
  asks=0
  if [ "$early" != 0 ] && [ "$early" -le $((lasting * 1000)) ]; then
    : >"$work/early-$1"
    while [ "$starting" -gt 0 ] && is_wanted; do starting=$((starting - 1000)); sleep 1; done
    drop "$work/early-$1"
  fi
  while is_wanted; do
    ask_once "$1" "$allowed" && sleep "$lasting" && ask_once "$1" "$allowed" && break
    [ $? != 2 ] || return
    asks=$((asks + 1))
    case $asks in 1|2) sleep 0.2 ;; 3|4) sleep 0.5 ;; 5|6) sleep 1 ;; *) sleep 2 ;; esac
  done
  [ -e "$work/now" ] || return
  printf '%s\n' "$3|$2" >>"$work/answered"
  # For how long nobody answered, and for who waits for an event.
  [ ! -e "$work/events" ] || printf '%s %s %s health_status: healthy\n' "$(date +%s%N)" "$3" "$1" >>"$work/events"
}

# Asks those of $work/now that Docker has not asked yet, a few at a time.
ask_starting() {
  may_ask || return 0
  while IFS='|' read -r asked_service asked_state asked_health _ _ _ asked_since meant_for _ asked_id _; do
    case $asked_state/$asked_health/$meant_for in running/starting/job|running/starting/awaited) continue ;; running/starting/*) ;; *) continue ;; esac
    case $asking in *" $asked_id|$asked_since "*) continue ;; esac
    askers_left='' asked_now=0
    for each in $askers; do ! kill -0 "$each" 2>/dev/null || { askers_left="$askers_left $each"; asked_now=$((asked_now + 1)); }; done
    askers=$askers_left
    # Those that only wait until Docker asks less often.
    for each in "$work"/early-*; do [ ! -e "$each" ] || asked_now=$((asked_now - 1)); done
    [ $asked_now -lt 8 ] || return 0
    asking="$asking $asked_id|$asked_since "
    may_be_asked "$asked_id" || continue
    # In a shell of its own: a function with a redirection keeps the lock beside it. No leftover of a run, either.
    ( unset ZEBU_SECRETS_RUN; ask_health "$asked_id" "$asked_since" "$asked_service" ) >/dev/null 2>&1 </dev/null 9>&- &
    askers="$askers $!"
  done <"$work/now"
}

stop_asking() {
  # shellcheck disable=SC2086 # numbers, a word each
  [ -z "$askers" ] || { kill $askers 2>/dev/null; drop "$work"/early-*; }
  askers='' asking=''
}

# For app:status, and for who looks later, as long as Docker has not asked.
note_answered() { [ ! -s "$work/answered" ] || cp "$work/answered" "$release/answered"; }
