# shellcheck shell=sh
# The proof, mode "prove": in a copy of the machine that has just been started from a backup, whether the live release comes back by itself
# and is as it should be. It ends with "live" or "unhealthy", in the journal alone: the books are the copy's, and go with it.

end_proof() {
  append "$journal" "{\"t\":$clock,\"end\":\"$1\",\"step\":\"$step\",\"seconds\":$((clock > started ? clock - started : 0)),\"cause\":\"$2\",\"reason\":\"$(escape "$3")\",\"gaps\":{},\"ports\":\"\"}"
  exit 0
}

# One look, at what is live by then: a run that was open when the backup was made is ended by the machine itself first.
proof_look() {
  if at_work; then
    cause=interrupted reason='a deploy was under way when the backup was made, and did not come to its end'
    return 1
  fi
  live_release
  proved=$live_now
  if [ -z "$proved" ] || ! load "$base/releases/$proved"; then
    cause=no-container reason='nothing was live when the backup was made'
    return 1
  fi
  id=$proved
  clock
  [ -n "$until_proved" ] || until_proved=$((clock + timeout))
  patience=$((until_proved > clock ? until_proved - clock : 0))
  # What looped before another service was up has a new start.
  note_began
  verify && check_probes
}

prove() {
  # shellcheck disable=SC2154 # of the program as a whole
  step=verify until_proved='' told_cause='' told_reason='' told_bad=''
  begin verify ''
  # A machine without a network waits for one before it starts Docker.
  docker_back || docker_back || { clock; end_proof unhealthy docker-silent 'Docker does not answer'; }
  clock
  latest=$((clock + 600))
  until proof_look; do
    clock
    # That the time is over says less than what was wrong before.
    case $cause in not-ready) ;; *) told_cause=$cause told_reason=$reason told_bad=$bad ;; esac
    if [ "$clock" -ge "${until_proved:-$latest}" ]; then
      [ -z "$told_reason" ] || bad=$told_bad
      last_words
      end_proof unhealthy "${told_cause:-$cause}" "${told_reason:-$reason}"
    fi
    note wait "$reason"
    sleep 3
  done
  clock
  end_proof live '' ''
}
