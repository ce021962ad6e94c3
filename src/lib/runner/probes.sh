# shellcheck shell=sh
# The app's own probes: from here with what every cloud image has, and from the client while it watches.

# Each prints what it saw; the first line says what was wrong.
probe_http() { # URL STATUSES TEXT INSECURE
  : >"$work/body"
  if command -v curl >/dev/null 2>&1; then
    [ "$4" = 1 ] && insecure=-k || insecure=
    # shellcheck disable=SC2086 # one option or none
    seen=$(curl -s -S $insecure --max-time 10 -o "$work/body" -w '%{http_code}' "$1" 2>"$work/said") || { tail -n 1 "$work/said"; return 1; }
  else
    seen=$(python3 -c '
import ssl, sys, urllib.error, urllib.request
class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args): return None
trust = ssl._create_unverified_context() if sys.argv[3] == "1" else None
try:
    answer = urllib.request.build_opener(Stay, urllib.request.HTTPSHandler(context=trust)).open(sys.argv[1], timeout=10)
except urllib.error.HTTPError as error:
    answer = error
open(sys.argv[2], "wb").write(answer.read())
print(answer.status)' "$1" "$work/body" "$4" 2>"$work/said") || { tail -n 1 "$work/said"; return 1; }
  fi
  case ",$2," in
    ,,) case $seen in 2??|3??) ;; *) echo "status $seen instead of 2xx or 3xx"; head -c 2000 "$work/body"; return 1 ;; esac ;;
    *",$seen,"*) ;;
    *) echo "status $seen instead of $2"; head -c 2000 "$work/body"; return 1 ;;
  esac
  [ -z "$3" ] || grep -qF -e "$3" "$work/body" || { echo "status $seen, but the answer does not contain the text"; head -c 2000 "$work/body"; return 1; }
}
# shellcheck disable=SC2016 # a template of Docker's, or another shell's words
probe_tcp() { timeout 10 bash -c ': <"/dev/tcp/$1/$2"' _ "$1" "$2" 2>&1 || { echo "no connection to $1:$2"; return 1; }; }
probe_command() { # SERVICE ARGV...
  container=$(awk -F'|' -v service="$1" '$1 == service && $2 == "running" { print substr($9, 2); exit }' "$work/now")
  [ -n "$container" ] || { echo "$1 is not running"; return 1; }
  shift
  timeout 60 docker exec "$container" "$@" 2>&1 </dev/null
  answered=$?
  [ $answered = 0 ] || { echo "exit status $answered"; return 1; }
}

# Fails with $cause and $reason set, and in the journal what the last attempt saw.
check_probes() {
  number=0
  while [ $number -lt "$probes" ]; do
    number=$((number + 1))
    probe_about $number
    begin probe "$probe_name"
    clock
    until=$((clock + probe_timeout))
    until probe $number >"$work/probe" 2>&1; do
      clock
      if [ "$clock" -ge "$until" ]; then
        [ -s "$work/probe" ] || echo 'no answer' >"$work/probe"
        cause=probe-failed reason="the probe $probe_name failed for $probe_timeout s: $(head -n 1 "$work/probe")"
        bad=$(cut -d'|' -f9 "$work/now" | tr -d / | tr '\n' ' ')
        note output "what $probe_name answered"
        logged cat "$work/probe"
        return 1
      fi
      sleep "$probe_interval"
    done
  done
  return 0
}

# What only the client can do: it reads this step in the journal, does it, and leaves its answer in a file. Succeeds when
# it is done, 2 when nobody answered, 1 with $cause and $reason when it failed: ask STEP SECONDS CAUSE
ask() {
  answer=$base/client.$run
  begin "$1" "$2"
  clock
  until=$((clock + $2))
  while [ ! -s "$answer" ]; do
    clock
    [ "$clock" -lt "$until" ] || return 2
    sleep 0.5
  done
  cause=$3 reason=$(sed 1d "$answer" | tr '\n' ' ')
  said=$(head -n 1 "$answer")
  rm -f "$answer"
  [ "$said" = ok ]
}

# Probes from the client.
ask_client() {
  [ "$client_wait" -gt 0 ] || return 0
  ask client-probe "$client_wait" probe-failed
  answered=$?
  [ $answered = 2 ] || return $answered
  remark_cause=client-gone remark='the client went away before it had probed; judged from inside the VM alone'
  note output "$remark"
  return 0
}

# The snapshot of the VM: before anything that runs is touched, and no switch without it.
ask_snapshot() {
  [ "$snapshot_wait" -gt 0 ] || return 0
  [ "$snapshot_when" != migrations ] || migrates || return 0
  ask snapshot "$snapshot_wait" snapshot-missing
  case $? in 0) return 0 ;; 2) cause=snapshot-missing reason='nobody took the snapshot of the VM: the client went away' ;; esac
  return 1
}
