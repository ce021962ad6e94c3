# shellcheck shell=sh
# What each service is meant for: to stay, or to end. Decided by what the Compose files say; what Docker knows of a container
# (a health check that came with the image, a published port) only decides where they say nothing.

# Reads $work/config, and writes a line "service word" for each service:
#   awaited  another one waits for it to complete successfully
#   job      deploy.mode says that it runs to its end
#   stays    its restart policy is written down, and starts it again whatever ended it
#   said     it is, and is another one
#   serves   it is not, and the service publishes ports or has a health check of its own in the Compose files
#   plain    nothing is said
intents() {
  awk "$scan"'
    depth == 2 && key != "" { service = key; names[++n] = service; next }
    depth == 3 && key != "" {
      member = key; part = ""
      if (key == "restart") { said[service] = 1; if (value(line) ~ /^(always|unless-stopped)$/) stays[service] = 1 }
      if (key == "ports") serves[service] = 1
      if (key == "healthcheck") serves[service] = 1
      next
    }
    member == "healthcheck" && depth == 4 && key == "disable" && value(line) == "true" { unchecked[service] = 1 }
    member == "healthcheck" && depth == 4 && key == "test" { first = 1; next }
    member == "healthcheck" && depth == 5 && first { if (line ~ /^"NONE",?$/) unchecked[service] = 1; first = 0 }
    member == "ports" { ported[service] = 1 }
    member == "deploy" && depth == 4 && key != "" {
      part = key
      if (key == "mode" && value(line) ~ /-job$/) job[service] = 1
      # What is said here counts, and no condition is any.
      if (key == "restart_policy") { said[service] = 1; policy[service] = 1 }
    }
    member == "deploy" && part == "restart_policy" && depth == 5 && key == "condition" && value(line) ~ /^(none|on-failure)$/ { policy[service] = 0 }
    member == "depends_on" && depth == 4 && key != "" { dependency = key }
    member == "depends_on" && depth == 5 && key == "condition" && value(line) == "service_completed_successfully" { awaited[dependency] = 1 }
    END {
      for (i = 1; i <= n; i++) {
        name = names[i]
        word = "plain"
        if ((name in serves) && ((name in ported) || !(name in unchecked))) word = "serves"
        if (name in said) word = ((name in policy) ? policy[name] : (name in stays)) ? "stays" : "said"
        if (name in job) word = "job"
        if (name in awaited) word = "awaited"
        print name, word
      }
    }' "$work/config"
}

# For every later look at the release; app:status reads it, too. Written by the shell, which says where there is no room.
note_intents() {
  found_intents=$(intents) || return 1
  { [ -z "$found_intents" ] || printf '%s\n' "$found_intents"; } >"$release/intents"
}

# Whether others of the release wait for a service to complete.
has_awaited() {
  [ -f "$release/intents" ] || return 1
  while read -r _ intent; do [ "$intent" != awaited ] || return 0; done <"$release/intents"
  return 1
}

# A container as Docker is asked for it: service|state|health|exit|restarts|oom|started|policy ports|name|id.
# shellcheck disable=SC2016,SC2034 # a template of Docker's, for who asks
container_fields='{{index .Config.Labels "com.docker.compose.service"}}|{{.State.Status}}|{{with .State.Health}}{{.Status}}{{end}}|{{.State.ExitCode}}|{{.RestartCount}}|{{.State.OOMKilled}}|{{.State.StartedAt}}|{{.HostConfig.RestartPolicy.Name}} {{if .HostConfig.PortBindings}}1{{end}}|{{.Name}}|{{.ID}}'

# Puts what a container is meant for in the place of its restart policy: stays, ends (may), or awaited (must). Of a release
# that was deployed before this was noted only Docker can tell. What has answered (ask-health.sh), in this
# run or in the one that brought it, is healthy until Docker says otherwise; where it has restarted by itself since, Docker decides.
meant() {
  known=$release/intents answered=$work/answered
  [ -f "$known" ] || known=/dev/null
  [ -f "$answered" ] || answered=$release/answered
  [ -f "$answered" ] || answered=/dev/null
  awk -F'|' -v OFS='|' '
    FILENAME == ARGV[1] { cut = index($0, " "); word[substr($0, 1, cut - 1)] = substr($0, cut + 1); next }
    FILENAME == ARGV[2] { well[$1, $2] = 1; next }
    {
      if ($3 == "starting" && $5 == 0 && (($1, $7) in well)) $3 = "healthy"
      split($8, has, " ")
      said = ($1 in word) ? word[$1] : ((has[2] == "1" || $3 != "") ? "serves" : "plain")
      if (said == "awaited") $8 = "awaited"
      else if (said == "job") $8 = "job"
      else if (has[1] == "always" || has[1] == "unless-stopped" || said == "serves") $8 = "stays"
      else $8 = "ends"
      print
    }' "$known" "$answered" -
}
