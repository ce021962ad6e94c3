# shellcheck shell=sh
# How each service is replaced: `rolling` (the new container beside the old one) where it was asked for and can be, else
# `recreate`, with the reason.

# Whether any service is asked to be.
asks_to_roll() { case "$strategy $strategies" in *rolling*) ;; *) return 1 ;; esac; }

# The services whose containers have a volume without a name, a line each. An image may declare one that no Compose file says anything of; who
# takes the place of its container has what is in it, and who starts beside it has an empty one. Leaves all containers in $work/mounted:
# service digest volumes.
with_own_volumes() {
  timeout 120 docker ps -a --no-trunc --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False \
    --format '{{.Label "com.docker.compose.service"}} {{.Label "com.docker.compose.config-hash"}} {{.Mounts}}' >"$work/mounted" || return 1
  awk '{ count = split($3, names, ","); for (i = 1; i <= count; i++) if (length(names[i]) == 64 && names[i] !~ /[^0-9a-f]/) { print $1; next } }' "$work/mounted" >"$work/own-volumes"
}

# Reads the indented JSON of "docker compose config" and $work/own-volumes, and writes a line for each service, in the order they are started:
#   service|rolling or recreate|why it cannot be rolled|replicas|dependency:condition ...|dependencies that restart it ...
strategies() {
  awk -v wanted="$strategy" -v own="$strategies" -v volumes="$work/own-volumes" "$scan"'
    function forced(name, reason) { if (!(name in why)) why[name] = reason }
    function volume_ends() {
      if (kind != "" && !readonly) writes[service] = (writes[service] == "") ? "writes to " target : writes[service]
      kind = ""
    }
    BEGIN {
      count = split(own, pairs, " ")
      for (i = 1; i <= count; i++) { split(pairs[i], pair, "="); asked[pair[1]] = pair[2] }
      while ((getline name < volumes) > 0) unnamed[name] = 1
    }
    depth == 2 && key != "" { service = key; names[++n] = service; copies[service] = 1; next }
    depth == 3 && key != "" {
      member = key
      if (key == "container_name") forced(service, "has the fixed container_name " value(line))
      if (key == "pre_stop") forced(service, "has a pre_stop hook, which only Compose runs")
      if (key == "scale") copies[service] = value(line)
      if (key ~ /^(network_mode|pid|ipc)$/) {
        mode = value(line)
        if (mode == "host" && key == "network_mode") forced(service, "uses the network of the host")
        if (mode ~ /^(service|container):/) {
          forced(service, "shares " key " with " mode)
          if (mode ~ /^service:/) { sub(/^service:/, "", mode); forced(mode, "shares " key " with " service) }
        }
      }
      next
    }
    member == "ports" && key == "published" && value(line) ~ /^[0-9]+$/ { forced(service, "publishes port " value(line) " of the VM") }
    member == "networks" && key ~ /^ipv[46]_address$/ { forced(service, "has the fixed address " value(line)) }
    member == "deploy" && depth == 4 && key == "replicas" { copies[service] = value(line) }
    member == "volumes_from" && depth == 4 { forced(service, "uses volumes of another service") }
    member == "volumes" && depth == 4 && line ~ /^\{/ { kind = ""; readonly = 0; target = "" }
    member == "volumes" && depth == 5 && key == "type" { kind = (value(line) ~ /^(volume|bind)$/) ? value(line) : "" }
    member == "volumes" && depth == 5 && key == "target" { target = value(line) }
    member == "volumes" && depth == 5 && key == "read_only" { readonly = 1 }
    member == "volumes" && depth == 4 && line ~ /^\}/ { volume_ends() }
    member == "depends_on" && depth == 4 && key != "" { dependency = key; needs[service] = needs[service] " " key }
    member == "depends_on" && depth == 5 && key == "condition" { condition[service, dependency] = value(line) }
    member == "depends_on" && depth == 5 && key == "restart" && value(line) == "true" { restarts[service] = restarts[service] ((restarts[service] == "") ? "" : " ") dependency }
    function ready(name,   list, k, i) {
      k = split(needs[name], list, " ")
      for (i = 1; i <= k; i++) if ((list[i] in how) && !(list[i] in done)) return 0
      return 1
    }
    function out(name,   list, k, i, waits) {
      k = split(needs[name], list, " ")
      waits = ""
      # Of those that are optional and not active there is no container to wait for.
      for (i = 1; i <= k; i++) if (list[i] in how) waits = waits ((waits == "") ? "" : " ") list[i] ":" condition[name, list[i]]
      print name "|" how[name] "|" why[name] "|" copies[name] "|" waits "|" restarts[name]
      done[name] = 1
      left--
    }
    END {
      for (i = 1; i <= n; i++) {
        name = names[i]
        how[name] = (name in asked) ? asked[name] : wanted
        if (writes[name] == "" && (name in unnamed)) writes[name] = "writes to a volume of its image"
        # Two at once on the same data is what a person has to ask for by name.
        if (writes[name] != "" && asked[name] != "rolling") forced(name, writes[name])
        if (how[name] != "rolling") why[name] = ""
        else if (name in why) how[name] = "recreate"
        else why[name] = ""
      }
      # Those that are recreated as early as they can be, so that they go in few steps.
      left = n
      while (left > 0) {
        before = left
        for (i = 1; i <= n; i++) if (!(names[i] in done) && how[names[i]] == "recreate" && ready(names[i])) out(names[i])
        if (left < before) continue
        for (i = 1; i <= n; i++) if (!(names[i] in done) && ready(names[i])) { out(names[i]); break }
        if (left == before) exit 1
      }
    }'
}

# Fails when the Compose files cannot be read. Leaves the services to roll in $work/roll: rolling, running, and changed; and in
# $work/steady those whose containers all have the digest that they should; in $work/one-by-one what was started by itself of them.
find_rolling() {
  : >"$work/roll"
  : >"$work/one-by-one"
  asks_to_roll || return 0
  with_own_volumes || return 1
  read_config && strategies <"$work/config" >"$work/strategies" || return 1
  [ -s "$work/strategies" ] || return 1
  read_hashes || return 1
  timeout 120 docker ps --no-trunc --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False \
    --format '{{.Label "com.docker.compose.service"}} {{.Label "com.docker.compose.config-hash"}} {{.ID}}' >"$work/running" || return 1
  awk 'FILENAME == ARGV[1] { hash[$1, $2] = 1; next } !(($1, $2) in hash) && !seen[$1]++ { print $1 }' "$work/hashes" "$work/running" >"$work/changed"
  # What is as it should be, running or not; all at once would replace what of it was started by itself.
  awk 'FILENAME == ARGV[1] { hash[$1, $2] = 1; next } { seen[$1] = 1 } !(($1, $2) in hash) { other[$1] = 1 } END { for (name in seen) if (!(name in other)) print name }' "$work/hashes" "$work/mounted" >"$work/steady"
  awk 'FILENAME == ARGV[1] { if (!($1 in whole)) whole[$1] = $2; hash[$1, $2] = 1; next } (($1, $2) in hash) && $2 != whole[$1] { print $1 }' "$work/hashes" "$work/running" >"$work/one-by-one"
  awk -F'|' 'FILENAME == ARGV[1] { changed[$1] = 1; next } ($1 in changed) && $2 == "rolling" { print $1 }' "$work/changed" "$work/strategies" >"$work/roll"
  awk -F'|' 'FILENAME == ARGV[1] { changed[$1] = 1; next } ($1 in changed) && $3 != "" { print $1 " cannot be rolled and is recreated: it " $3 }' "$work/changed" "$work/strategies" >"$work/forced"
  while read -r line; do logged echo "$line"; done <"$work/forced"
}
