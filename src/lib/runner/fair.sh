# shellcheck shell=sh
# Keeps out of the verdict what is no fault of the release: what a container did before this run, health checks that began before the services
# they depend on were replaced, and starts in vain while what a service depends on is only starting.

# shellcheck disable=SC2016 # a template of Docker's
began_fields='{{.ID}}|{{.RestartCount}}|{{.State.StartedAt}}|{{.State.Running}}|{{index .Config.Labels "com.docker.compose.service"}}'
# What is there before anything is touched: id, restarts, started, whether it runs, service, one line a container. Behind that Docker
# is asked for all that a verdict looks at, for who needs it in the next moment: in $work/looked-before, and in $work/looked-under when that was,
# and under which engine.
note_began() {
  : >"$work/began"
  drop "$work/looked-before"
  find_engine
  began_under=$engine_is
  if engine_near; then engine_look began >"$work/looked" 2>/dev/null || return 0
  else
    project_containers && [ -n "$ids" ] || return 0
    # shellcheck disable=SC2086 # ids, a word each
    timeout 120 docker inspect --format "$began_fields|$look_fields" $ids >"$work/looked" 2>/dev/null || return 0
  fi
  [ -s "$work/looked" ] || return 0
  clock
  echo "$clock $began_under" >"$work/looked-under"
  while IFS='|' read -r began_id restarts since runs service all; do
    printf '%s\n' "$began_id|$restarts|$since|$runs|$service"
    [ -z "$all" ] || printf '%s\n' "$all" >&3
  done <"$work/looked" >"$work/began" 3>"$work/looked-before"
}

# From when on "unhealthy" counts for what was not started in this run: from any time when nothing was, else from when all
# that was is ready, which is not known yet. Who made the data follow, or migrated it, has touched them all.
fair_since() {
  fresh=
  drop "$work/fresh" "$work/needs"
  : >"$work/taken-back"
  : >"$work/excused"
  : >"$work/tried"
  # For how long a service may start in vain because of others, and be unhealthy. Who only watches could not start it anew then.
  excused_until=$((clock + (patience < 120 ? patience / 2 : 60)))
  [ "$mode" != watch ] || excused_until=0
  [ -e "$work/began" ] || : >"$work/began"
}
fresh_now() {
  clock
  dated_at=$clock
  fresh=$(date -u '+%s %Y-%m-%dT%H:%M:%S.%N')
  dated=${fresh%% *} fresh=${fresh#* }
  : >"$work/fresh"
}

# newer FILE OTHER: whether it was written to since.
# shellcheck disable=SC3013 # dash and ash know it, and it starts no program
newer() { [ "$1" -nt "$2" ]; }

# What is to be said of $work/now goes to $work/judged, a line each: bad=NAME and reason=WORDS of what has failed, cause= where that is
# another one than usual, waiting=SERVICE for what is not decided, unchecked=SERVICE for what is up, but nothing tests it, so only time can.
# Prints from when on "unhealthy" counts now ("late" for not yet, "now", "any"), the ids of what loops from before, with a + before it of what
# started in vain until now and has nobody to wait for any more, and "needs" where it is to be known first what services depend on.
judgement() {
  clock
  [ "$clock" -lt "${excused_until:-0}" ] && excuse_=1 || excuse_=
  [ -f "$work/needs" ] && needs_=$work/needs || needs_=
  awk -F'|' -v fresh="$fresh" -v touched="$touched" -v off="$off" -v judged="$work/judged" -v excuse="$excuse_" -v first="${previous:+no}" -v needs="$needs_" -v excused="$work/excused" -v tried="$work/tried" '
    function say(text) { print text >judged }
    function fail(text) { say("bad=" substr($9, 2)); say("reason=" $1 " " text) }
    # Whether what it depends on was started in this run, too, and may not be ready; of a first release nobody knows what that is.
    function awaits(i,   j) {
      for (j = 1; j <= n; j++)
        if (own[j] && service[j] != service[i] && now_restarts[j] == 0 && starts[j] && (first != "no" || depends(service[i], service[j]))) return 1
      return 0
    }
    function depends(name, other,   list, k, count_) {
      if (index(need[name], " " other " ")) return 1
      count_ = split(need[name], list, " ")
      for (k = 1; k <= count_; k++) if (depends(list[k], other)) return 1
      return 0
    }
    function excused_now(i) {
      if (!own[i] || !excuse) return 0
      if (first == "no" && needs == "") return asks = 1
      if (!awaits(i)) return 0
      print $10, check[i] >>excused
      return 1
    }
    function loops(i) {
      if (excused_now(i)) ;
      else if (!(id[i] in was_excused) || (id[i] in was_tried)) { loops_(); return }
      else if ($2 != "running") looping = looping " +" $10
      # One that runs may have come up by now.
      say((($2 == "running") ? "unchecked=" : "waiting=") $1)
    }
    function loops_() { fail("restarts again and again (" restarts " times" (($2 == "running") ? "" : ", last exit code " $4) (($6 == "true") ? ", out of memory" : "") ")") }
    # Whether "unhealthy" is one of what was put in place: what it said before anything was replaced is not.
    function counts(i) { return own[i] || fresh == "any" || (fresh != "" && check[i] > fresh && check[i] != back[id[i]]) }
    function put(i) { $0 = line[i]; restarts = now_restarts[i] }
    BEGIN {
      while (needs != "" && (getline row < needs) > 0) { name = row; sub(/ .*/, "", name); need[name] = substr(row, length(name) + 1) " " }
      while ((getline row < excused) > 0) { split(row, word_, " "); was_excused[word_[1]] = 1; was_check[word_[1]] = word_[2] }
      close(excused)
      while ((getline row < tried) > 0) was_tried[row] = 1
    }
    FILENAME == ARGV[1] { count[$1] = $2; started[$1] = $3; next }
    FILENAME == ARGV[2] { back[$1] = $2; next }
    {
      line[++n] = $0; id[n] = $10; check[n] = $11; service[n] = $1
      starts[n] = $2 == "running" && ($3 == "" || $3 == "starting")
      own[n] = !($10 in started) || started[$10] != $7
      # Docker counts anew when somebody starts it by hand.
      now_restarts[n] = (($10 in count) && $5 >= count[$10]) ? $5 - count[$10] : $5
      if (own[n]) {
        some = 1
        if ($2 == "created" || $2 == "restarting" || ($2 == "running" && $3 == "starting")) late = 1
      }
      if ($2 == "restarting" && $5 >= 3 && ($10 in count) && $5 - count[$10] < 3) looping = looping " " $10
    }
    END {
      # Of the moment that is now nothing has been said yet.
      if (fresh == "" || fresh == "any") { word = late ? "late" : (some || touched) ? "now" : "any"; fresh = (word == "any") ? word : "" }
      for (i = 1; i <= n; i++) { put(i); about(i) }
      print word looping (asks ? " needs" : "")
    }
    function about(i) {
      if ($2 == "running") {
        if ($8 == "awaited") say("waiting=" $1)
        else if ($3 == "unhealthy" && $8 != "job") {
          # What it said while it was excused says nothing of now.
          if (!counts(i) || excused_now(i) || (($10 in was_check) && was_check[$10] == check[i])) say("waiting=" $1)
          else fail("is unhealthy")
        }
        else if ($3 == "starting" && $8 != "job") say("waiting=" $1)
        else if ($3 == "healthy") return
        else if (restarts >= 3) loops(i)
        else say("unchecked=" $1)
      }
      else if ($2 == "restarting") { if (restarts >= 3) loops(i); else say("waiting=" $1) }
      else if ($2 == "exited" && $4 == 0 && $8 != "stays") return
      else if ($2 == "exited" && (index(off, " " $1 " ") || index(off, " " $1 "|" $7 " "))) return
      else if ($2 == "exited") { if ($4 == 255) say("cause=exited-255"); fail("exited with code " $4 (($6 == "true") ? " (out of memory)" : "")) }
      else if ($2 == "created") say("waiting=" $1)
      else fail("is " $2)
    }' "$work/began" "$work/taken-back" "$work/now"
}

# Leaves in $work/needs what each service depends on, as its containers say: a line each, services with a blank between.
ask_needs() {
  : >"$work/needs"
  # shellcheck disable=SC2016,SC2086 # a template of Docker's; ids, a word each
  timeout 120 docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}} {{index .Config.Labels "com.docker.compose.depends_on"}}' $ids 2>/dev/null |
    sed -e 's/:[^,]*//g' -e 's/,/ /g' | sort -u >"$work/needs"
}

# Judges what was looked at last, once it is known whether what was started in this run is ready, and gives what loops from before one
# quick trial: fails when it has, for then what was seen of it is history.
judge_fairly() {
  case $fresh in
    ''|any) ;;
    # Somebody has set the clock back: from now on, and what was said in the time that has been taken back does not count.
    *) if newer "$work/fresh" "$work/asked"; then
        cut -d'|' -f10,11 "$work/now" >"$work/taken-back"
        fresh_now
      fi ;;
  esac
  : >"$work/judged"
  judgement >"$work/judgement"
  IFS= read -r judgement_ <"$work/judgement"
  # shellcheck disable=SC2086 # words
  set -- $judgement_
  case $fresh in
    ''|any)
      case $1 in late) fresh='' ;; now) fresh_now ;; *) fresh=any ;; esac
      shift ;;
  esac
  # Who only watches has no lock, and starts nothing.
  [ "$mode" != watch ] || return 0
  again=
  # It waits a minute and more between its attempts by now: with a new start it shows within seconds what it does.
  for each; do
    case $each in
      needs) ask_needs; again=1; continue ;;
      +*) each=${each#+}; echo "$each" >>"$work/tried" ;;
      *) [ -n "$fresh" ] || continue ;;
    esac
    again=1
    awk -F'|' -v id="$each" '$1 != id' "$work/began" >"$work/began.new" && mv "$work/began.new" "$work/began"
    timeout 120 docker restart "$each" >/dev/null 2>&1
  done
  [ -z "$again" ]
}
