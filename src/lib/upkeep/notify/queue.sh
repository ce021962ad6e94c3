# shellcheck shell=sh
# What is to be sent, a file a message below queue/RECEIVER until it has arrived; it survives a restart of the VM. Of what comes too thick
# the kinds are counted in folded/RECEIVER, and told in one message when the hour is over. state/RECEIVER has numbers, see read_state, and
# state/RECEIVER.said why it failed last.

# Messages a receiver is sent within an hour, messages that wait for it, and seconds that they do.
most=20 waiting=200 patience=259200

kind_of() { kind=${1#*\"event\":\"}; printf '%s' "${kind%%\"*}"; }

# What happened that was not taken yet, a line each: what follows the last line that was. Values of secrets are taken out before anything
# else is done with it; what it is called by, and the app, are none.
fresh() {
  [ -f ../events/events.jsonl ] || return 0
  [ -f taken ] || : >taken
  # shellcheck disable=SC2086 # names, each free of blanks
  mask "$app" $spared <../events/events.jsonl >"$work/events"
  awk -v since="$(stat -c %Y "$base/units/notify")" '
    function time(text) { sub(/^[{]"t":/, "", text); return text + 0 }
    FILENAME == ARGV[1] { last = $0; next }
    { line[++n] = $0; if ($0 == last) at = n }
    END {
      # After so many that it is gone, or the first time: from the time on.
      if (last != "") since = time(last) + 1
      for (i = at + 1; i <= n; i++) if (at > 0 || time(line[i]) >= since) print line[i]
    }' taken "$work/events"
}

# wanted LINE: whether the receiver of $events is to be told. Whoever is told that something began is told that it is over.
wanted() {
  kind=$(kind_of "$1")
  case $kind in
    more) return 0 ;;
    up)
      case " $events " in *' up '*) return 0 ;; esac
      was=${1#*\"was\":\"}
      for each in ${was%%\"*}; do case " $events " in *" $each "*) return 0 ;; esac; done
      return 1
      ;;
    pull-back) kind=pull-away ;;
    *-over) kind=${kind%-over} ;;
  esac
  case " $events " in *" $kind "*) ;; *) return 1 ;; esac
}

# read_state RECEIVER: when the last message arrived ($ok), when one did not ($failed), how often in a row ($tries), when it is tried again
# ($next), how many were dropped, and since when messages of this hour are counted.
read_state() {
  ok=0 failed=0 tries=0 next=0 dropped=0 hour=0 counted=0
  # shellcheck disable=SC2034 # of the program that includes this
  [ ! -f "state/$1" ] || read -r ok failed tries next dropped hour counted <"state/$1"
}
write_state() {
  echo "$ok $failed $tries $next $dropped $hour $counted" >"state/$1.new" && mv -f "state/$1.new" "state/$1"
}

# put RECEIVER LINE: into the queue; the oldest has to make room.
put() {
  mkdir -p "queue/$1"
  number=$(cat number 2>/dev/null || echo 0)
  number=$((number + 1))
  echo $number >number
  printf '%s\n' "$2" >"queue/.new" && mv "queue/.new" "queue/$1/$(printf %010d $number)"
  # shellcheck disable=SC2012 # names of our own
  over=$(($(ls "queue/$1" | wc -l) - waiting))
  [ $over -gt 0 ] || return 0
  dropped=$((dropped + over))
  # shellcheck disable=SC2012 # names of our own
  ls "queue/$1" | head -n $over | while read -r each; do rm -f "queue/$1/$each"; done
}

# unfold RECEIVER NOW: once the hour is over, what was only counted in it becomes a message.
unfold() {
  [ $(($2 - hour)) -ge 3600 ] || [ "$hour" -gt "$2" ] || return 0
  hour=$2 counted=0
  [ -s "folded/$1" ] || return 0
  put "$1" "$(sort "folded/$1" | uniq -c | awk -v now="$2" '{ n += $1; all = all (all == "" ? "" : ", ") $1 " x " $2 } END { printf "{\"t\":%d,\"event\":\"more\",\"count\":%d,\"kinds\":\"%s\"}", now, n, all }')"
  counted=1
  rm -f "folded/$1"
}

# take: everything new, for everybody who wants it. What was cut off between the two is sent once more, under the same id.
take() {
  fresh >"$work/fresh"
  [ -s "$work/fresh" ] || return 0
  now=$(date +%s)
  : >pending
  while IFS= read -r line; do
    if [ "$(kind_of "$line")" = test ]; then try "$line"
    else
      for each_receiver in $receivers; do
        receiver "$each_receiver"
        wanted "$line" || continue
        read_state "$each_receiver"
        unfold "$each_receiver" "$now"
        if [ "$counted" -lt $most ]; then
          counted=$((counted + 1))
          put "$each_receiver" "$line"
        else
          mkdir -p folded
          kind_of "$line" >>"folded/$each_receiver"
          echo >>"folded/$each_receiver"
        fi
        write_state "$each_receiver"
      done
    fi
    printf '%s\n' "$line" >taken.new && mv taken.new taken
  done <"$work/fresh"
}

# id_of LINE: the same each time it is sent.
id_of() { printf 'msg_%s' "$(printf '%s %s' "$app" "$1" | sha256sum | cut -c1-24)"; }

# Seconds until the next attempt.
back_off() {
  case $tries in 1) echo 10 ;; 2) echo 30 ;; 3) echo 60 ;; 4) echo 180 ;; 5) echo 600 ;; 6) echo 1800 ;; *) echo 3600 ;; esac
}

# told RECEIVER STATUS: how an attempt ended.
told() {
  now=$(date +%s)
  if [ "$2" = 0 ]; then
    ok=$now tries=0 next=0
    rm -f "state/$1.said"
  else
    tries=$((tries + 1)) failed=$now
    next=$((now + $(back_off)))
    printf '%s\n' "$said" >"state/$1.said"
  fi
  write_state "$1"
}

# send RECEIVER: all that waits for it, up to the first that does not arrive.
send() {
  read_state "$1"
  now=$(date +%s)
  unfold "$1" "$now" && write_state "$1"
  # A clock that was set back is no reason to wait.
  [ $((next - now)) -le 3600 ] || next=0
  [ "$now" -ge "$next" ] || return 0
  for message in "queue/$1"/*; do
    [ -f "$message" ] || continue
    content=$(cat "$message")
    at=${content#*:} at=${at%%,*}
    if [ $((now - at)) -gt $patience ]; then
      dropped=$((dropped + 1))
      write_state "$1"
    else
      deliver "$1" "$(id_of "$content")" "$content"
      ended=$?
      read_state "$1"
      told "$1" $ended
      [ $ended = 0 ] || return 0
    fi
    rm -f "$message"
  done
}

# try LINE: a test, at once and once, with the answer for who asked in tests/ID/RECEIVER.
try() {
  test_id=${1#*\"test\":\"} test_id=${test_id%%\"*}
  only=${1#*\"to\":\"} only=${only%%\"*}
  case $test_id in *[!a-z0-9]* | '') return 0 ;; esac
  mkdir -p "tests/$test_id"
  for each_receiver in $receivers; do
    [ -z "$only" ] || [ "$only" = "$each_receiver" ] || continue
    deliver "$each_receiver" "$(id_of "$1")" "$1"
    ended=$?
    read_state "$each_receiver"
    told "$each_receiver" $ended
    printf '%s\n' "${said:-ok}" >"tests/.new" && mv "tests/.new" "tests/$test_id/$each_receiver"
  done
}

sooner() { if [ "$soon" = 0 ] || [ "$1" -lt "$soon" ]; then soon=$(($1 > 1 ? $1 : 1)); fi; }

# left: succeeds while there is something to be sent or told later; sets $soon, when.
left() {
  soon=0
  for each_receiver in $receivers; do
    set -- "queue/$each_receiver"/*
    if [ -f "$1" ]; then
      read_state "$each_receiver"
      sooner "$next"
    elif [ -s "folded/$each_receiver" ]; then
      read_state "$each_receiver"
      sooner $((hour + 3600))
    fi
  done
  [ "$soon" != 0 ]
}
