/**
 * The program that carries a deploy out in the VM. POSIX sh and what every Debian or Ubuntu has; no agent, no daemon. It
 * is started with the app's lock open as descriptor 9, which the kernel frees with it, and outlives its client. Every
 * step goes to a journal of JSON lines; the client only reads that.
 *
 * Usage: runner MODE FOLDER ID, where MODE is deploy or rollback. FOLDER/releases/ID/plan sets, as shell words:
 *   project, folder (below the release, where the Compose files are), files (compose options), record (members of the
 *   history line), timeout, build_timeout, stability, keep, secrets (version file), hook (path below the folder).
 *
 * No `${` in here: it is a JavaScript template.
 */
export const RUNNER = String.raw`#!/bin/sh
mode=$1 base=$2 id=$3
umask 022
trap '' HUP PIPE
release=$base/releases/$id
journal=$base/journals/$id.jsonl
work=$(mktemp -d "$base/.run.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
started=$(date +%s)
step=start
verdict=

# One JSON string body: quotes, backslashes, and control characters.
escape() { printf '%s' "$1" | tr '\000-\037' ' ' | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g'; }
note() { printf '{"t":%s,"step":"%s","state":"%s","detail":"%s"}\n' "$(date +%s)" "$step" "$1" "$(escape "$2")" >>"$journal"; }
begin() { step=$1; note begin "$2"; }

# Runs a command with its output in the journal, one sed for all of it, and keeps its exit status.
logged() {
  { "$@" 2>&1 9>&-; echo $? >"$work/status"; } </dev/null |
    sed -u -e 's/\x1b\[[0-9;]*[A-Za-z]//g' -e 's/[[:cntrl:]]/ /g' -e 's/\\/\\\\/g' -e 's/"/\\"/g' \
      -e 's/.*/{"step":"'"$step"'","line":"&"}/' >>"$journal"
  return "$(cat "$work/status")"
}

load() {
  hook= images= environment=
  . "$1/plan"
  release=$1
  [ -s "$1/images.yml" ] && images="-f $1/images.yml"
  tree=$1/$folder
  [ -f "$tree/.env" ] && environment="--env-file $tree/.env"
  [ -n "$secrets" ] && environment="$environment --env-file $base/shared/secrets/$secrets"
}

# Word splitting is meant: the plan holds options, each free of blanks.
compose() { cd "$tree" && timeout "$limit" docker compose --progress plain -p "$project" --project-directory "$tree" $files $images $environment "$@"; }

# service|state|health|exit|restarts|oom|started|lasting|name, one line a container; lasting says it is meant to stay up.
inspect() {
  ids=$(timeout 120 docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False) || return 1
  [ -n "$ids" ] || return 0
  timeout 120 docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}}|{{.State.Status}}|{{with .State.Health}}{{.Status}}{{end}}|{{.State.ExitCode}}|{{.RestartCount}}|{{.State.OOMKilled}}|{{.State.StartedAt}}|{{if or .Config.Healthcheck .HostConfig.PortBindings}}1{{else}}{{if or (eq .HostConfig.RestartPolicy.Name "always") (eq .HostConfig.RestartPolicy.Name "unless-stopped")}}1{{else}}0{{end}}{{end}}|{{.Name}}' $ids
}

# Fails with $reason and $bad (container names) set, or succeeds once everything is as it should be.
verify() {
  until=$(( $(date +%s) + timeout ))
  same= since=0 reason= bad=
  while :; do
    inspect >"$work/now" || { reason='Docker does not answer'; return 1; }
    [ -s "$work/now" ] || { reason='there is no container'; return 1; }
    # waiting: not decided; unchecked: up, but nothing tests it, so only time can.
    awk -F'|' '
      function fail(text) { print "bad=" substr($9, 2); print "reason=" $1 " " text }
      $2 == "running" && $3 == "unhealthy" { fail("is unhealthy"); next }
      $2 == "running" && $3 == "starting" { print "waiting=" $1; next }
      $2 == "running" && $3 == "healthy" { next }
      $2 == "running" && $5 >= 3 { fail("restarts again and again (" $5 " times, last exit code " $4 ")"); next }
      $2 == "running" { print "unchecked=" $1; next }
      $2 == "restarting" { if ($5 >= 3) fail("restarts again and again (" $5 " times, last exit code " $4 (($6 == "true") ? ", out of memory" : "") ")"); else print "waiting=" $1; next }
      $2 == "exited" && $4 == 0 && $8 == 0 { next }
      $2 == "exited" { fail("exited with code " $4 (($6 == "true") ? " (out of memory)" : "")); next }
      $2 == "created" { print "waiting=" $1; next }
      { fail("is " $2) }
    ' "$work/now" >"$work/judged"
    if grep -q '^reason=' "$work/judged"; then
      reason=$(sed -n 's/^reason=//p' "$work/judged" | tr '\n' ';' | sed -e 's/;$//' -e 's/;/; /g')
      bad=$(sed -n 's/^bad=//p' "$work/judged" | tr '\n' ' ')
      return 1
    fi
    now=$(date +%s)
    waiting=$(sed -n 's/^waiting=//p' "$work/judged" | tr '\n' ' ')
    if [ -z "$waiting" ]; then
      grep -q '^unchecked=' "$work/judged" || return 0
      # The same start times and restart counts through the whole window.
      sum=$(cut -d'|' -f1,2,5,7 "$work/now" | sort | cksum)
      [ "$sum" = "$same" ] || { same=$sum; since=$now; }
      [ $((now - since)) -ge "$stability" ] && return 0
      waiting="$(sed -n 's/^unchecked=//p' "$work/judged" | tr '\n' ' ')(no health check: up for $((now - since)) of $stability s)"
    fi
    [ "$now" -lt "$until" ] || { reason="not healthy within $timeout s: $waiting"; bad=$(cut -d'|' -f9 "$work/now" | tr -d / | tr '\n' ' '); return 1; }
    [ "$waiting" = "$said" ] || { said=$waiting; note wait "$waiting"; }
    sleep 1
  done
}

# The last words of the containers that failed.
last_words() {
  for container in $bad; do
    note output "last lines of $container"
    logged timeout 60 docker logs --tail 20 "$container"
  done
}

# Pins what was built under names that a later build does not move: what a restore needs.
pin_images() {
  compose config --services >"$work/services" 2>"$work/error" || { reason=$(tail -n 1 "$work/error"); return 1; }
  timeout 120 docker image ls -q --no-trunc --filter "label=com.docker.compose.project=$project" >"$work/ids" || { reason='Docker does not list images'; return 1; }
  echo 'services:' >"$work/images"
  found=0
  [ -s "$work/ids" ] && timeout 120 docker image inspect --format '{{index .Config.Labels "com.docker.compose.service"}} {{.Id}}{{range .RepoTags}} {{.}}{{end}}' $(sort -u "$work/ids") >"$work/built" || : >"$work/built"
  while read -r service image tags; do
    grep -qxF "$service" "$work/services" || continue
    # Only what the build has just named: older images of the service carry nothing but our own names.
    for tag in $tags; do
      case $tag in zebu/*) continue ;; esac
      short=$(printf '%s' "$image" | sed -e 's/^sha256://' | cut -c1-12)
      pinned=zebu/$project-$service:$short
      case " $tags " in *" $pinned "*) ;; *) timeout 120 docker tag "$image" "$pinned" || { reason="cannot tag $pinned"; return 1; } ;; esac
      printf '  "%s":\n    image: "%s"\n' "$service" "$pinned" >>"$work/images"
      found=1
      break
    done
  done <"$work/built"
  [ $found = 1 ] && cp "$work/images" "$release/images.yml"
  [ -s "$release/images.yml" ] && images="-f $release/images.yml"
  return 0
}

# Starts a release that has its images, and judges it.
bring_up() {
  begin start-up "$1"
  limit=$(( timeout + 600 ))
  if ! logged compose up -d --no-build --remove-orphans; then
    said=$(sed -n 's/^{"step":"start-up","line":"\(.*\)"}$/\1/p' "$journal" | tail -n 1)
    # Which container made "up" fail is told by looking at them once.
    timeout=0
    verify && reason=
    case $reason in ''|'not healthy'*) reason="docker compose up failed: $said" ;; esac
    return 1
  fi
  begin verify ''
  said=
  verify
}

finish() {
  verdict=$1
  seconds=$(( $(date +%s) - started ))
  printf '{%s,"mode":"%s","started":%s,"seconds":%s,"verdict":"%s","reason":"%s"}\n' "$record" "$mode" "$started" "$seconds" "$verdict" "$(escape "$2")" >>"$base/releases.jsonl"
  printf '{"t":%s,"end":"%s","seconds":%s,"reason":"%s"}\n' "$(date +%s)" "$verdict" "$seconds" "$(escape "$2")" >>"$journal"
  sync "$base/releases.jsonl" "$journal" 2>/dev/null
  exit 0
}

make_current() {
  ln -s "releases/$id" "$work/current" && mv -T "$work/current" "$base/current"
}

# Keeps the newest releases and the live one; images nothing kept refers to go with the others.
prune() {
  begin prune ''
  live=$(readlink "$base/current" | sed 's|.*/||')
  ls -1 "$base/releases" | sort -r | awk -v keep="$keep" -v live="$live" '$0 == live { next } ++n >= keep' >"$work/old"
  while read -r old; do rm -rf "$base/releases/$old" "$base/journals/$old.jsonl"; done <"$work/old"
  cat "$base"/releases/*/images.yml 2>/dev/null | sed -n 's/^ *image: "\(.*\)"$/\1/p' | sort -u >"$work/needed"
  timeout 120 docker image ls --format '{{.Repository}}:{{.Tag}}' --filter "reference=zebu/$project-*" | sort -u | comm -23 - "$work/needed" >"$work/unused"
  [ -s "$work/unused" ] && timeout 300 docker image rm $(cat "$work/unused") >/dev/null 2>&1
  [ -s "$work/old" ] && timeout 300 docker image prune -f --filter "label=com.docker.compose.project=$project" >/dev/null 2>&1
  note done "$(wc -l <"$work/old") old releases removed"
}

load "$release"
limit=$build_timeout
previous=$(readlink "$base/current" 2>/dev/null | sed 's|.*/||')

if [ "$mode" = deploy ]; then
  begin check ''
  limit=300
  compose config -q >"$work/error" 2>&1 || finish refused "$(grep -v '^$' "$work/error" | tail -n 1)"
  if [ -n "$hook" ] && [ -f "$tree/$hook" ]; then
    begin hook "$hook"
    limit=$build_timeout
    ( cd "$tree" && export ZEBU_RELEASE="$id" ZEBU_APP="$project" && logged timeout "$limit" "./$hook" ) || finish refused "$hook failed with exit status $(cat "$work/status")"
  fi
  begin build ''
  limit=$build_timeout
  logged compose build || finish refused "the build failed: $(sed -n 's/^{"step":"build","line":"\(.*\)"}$/\1/p' "$journal" | grep -v '^ *$' | tail -n 1)"
  pin_images || finish refused "$reason"
fi

if bring_up ''; then
  make_current || finish unhealthy "cannot switch $base/current"
  prune
  finish live ''
fi
failed=$reason
last_words
[ -n "$previous" ] && [ "$previous" != "$id" ] && [ -d "$base/releases/$previous" ] || {
  [ "$previous" = "$id" ] && finish unhealthy "$failed"
  finish unhealthy "$failed; there is no earlier release to go back to"
}
note failed "$failed"
own=$record
load "$base/releases/$previous"
if bring_up "going back to $previous"; then
  record=$own
  finish restored "$failed"
fi
record=$own
last_words
finish unhealthy "$failed; going back to $previous failed too: $reason"
`;
