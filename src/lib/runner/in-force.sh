# shellcheck shell=sh
# Before a release is called live: whether what runs is what it says, as Docker has it. What counts is
# what is in force, not what was asked for.

# Compose prints what a service may depend on and does not have to (required: false), also where that is in no active profile, and
# refuses to read it: without that. What is left of a comma is none to it.
readable_again() {
  awk '
    function key_of(line) { sub(/^ *"/, "", line); sub(/": .*$/, "", line); return line }
    function depth_of(line) { match(line, /^ */); return RLENGTH / 2 }
    { lines[NR] = $0; depth = depth_of($0) }
    depth == 1 { section = key_of($0) }
    depth == 2 && section == "services" && /": [{]/ { active[key_of($0)] = 1 }
    END {
      for (i = 1; i <= NR; i++) {
        depth = depth_of(lines[i])
        if (depth == 1) section = key_of(lines[i])
        if (depth == 3) inside = section == "services" && lines[i] ~ /^ *"depends_on": [{]/
        if (inside && depth == 4 && lines[i] ~ /": [{]/ && !(key_of(lines[i]) in active)) left_out = 1
        if (!left_out) print lines[i]
        else if (depth == 4 && lines[i] ~ /^ *[}]/) left_out = 0
      }
    }'
}

# The same without what services depend on.
without_dependencies() {
  awk '
    { match($0, /^ */); depth = RLENGTH / 2 }
    depth == 1 { services = $0 ~ /^ *"services"/ }
    services && depth == 3 { left_out = $0 ~ /^ *"depends_on": [{]/ || (left_out && $0 ~ /^ *[}]/) }
    !left_out
    depth == 3 && $0 ~ /^ *[}]/ { left_out = 0 }'
}

# The digests of a configuration: "service digest", a line each.
# shellcheck disable=SC2086 # words of a command line
digests_of() { ( cd "$work" && timeout "$limit" $compose_program -p "$project" --profile '*' -f "$1" config --hash '*' </dev/null 2>"$work/error" ); }

# The release as Compose is to have it, with all that zebu adds, and the digest of each service's settings that Compose puts
# into a label; where services are replaced one by one (--no-deps) also the other one that some versions of Compose give them then, which
# know of no dependencies. Compose counts the names of env files when it is asked for the digests, and not when it starts a container: of
# its own output, which has none, both are the same. In that all services are of active profiles, and say so.
read_hashes() {
  if compose config --format json </dev/null >"$work/config-full" 2>"$work/error" && readable_again <"$work/config-full" >"$work/full" &&
    all_digests >"$work/hashes"; then return; fi
  drop "$work/hashes"
  return 1
}
all_digests() {
  digests_of "$work/full" || return 1
  case "$strategy $strategies" in
    *rolling*) without_dependencies <"$work/full" >"$work/alone" && digests_of "$work/alone" ;;
  esac
}

# What each service is to have, fields separated by tabs: service networks (names, in order), and how many containers. Leaves $work/tells
# where containers are told a path of the release itself: what is there, or where it leads, is another thing with each. Builds are not theirs.
expected() {
  drop "$work/tells"
  awk -v OFS='\t' -v top="$release/" -v tells="$work/tells" "$scan_all"'
    depth <= 3 { build = section == "services" && depth == 3 && key == "build" }
    !build && index(line, top) && !told++ { print >tells }
    section == "networks" && depth == 2 && key != "" { net = key; network[net] = project "_" key }
    section == "networks" && depth == 3 && key == "name" { network[net] = value(line) }
    section != "services" { next }
    depth == 2 && key != "" { service = key; names[++n] = service; copies[service] = 1; next }
    depth == 3 && key != "" { member = key; if (key == "scale") copies[service] = value(line); next }
    member == "deploy" && depth == 4 && key == "replicas" { copies[service] = value(line) }
    member == "networks" && depth == 4 && key != "" { nets[service] = nets[service] " " key }
    END {
      for (i = 1; i <= n; i++) {
        name = names[i]; list = ""
        k = split(nets[name], each, " ")
        for (j = 1; j <= k; j++) list = list " " network[each[j]]
        print name, copies[name], list
      }
    }' "$work/full"
}

# What verify has looked at last, fields separated by tabs: service digest image networks name.
in_use() {
  while IFS='|' read -r service _ _ _ _ _ _ _ named _ _ digest image networks; do
    printf '%s\t%s\t%s\t%s\t%s\n' "$service" "$digest" "$image" "$networks" "${named#/}"
  done <"$work/now"
}

# The images of images.yml: service id. What this run has pinned it knows.
pinned_ids() {
  if [ "$pinned" = "$release" ]; then
    while read -r service _ id_ _; do printf '%s\t%s\n' "$service" "$id_"; done <"$work/pins"
    return
  fi
  sed -n -e 's/^  "\(.*\)":$/\1/p' -e 's/^    image: "\(.*\)"$/\1/p' "$release/images.yml" 2>/dev/null | paste -d' ' - - >"$work/pinned"
  [ -s "$work/pinned" ] || return 0
  cut -d' ' -f2 "$work/pinned" | sort -u >"$work/pinned-names"
  # shellcheck disable=SC2046 # names, each free of blanks
  timeout 60 docker image inspect --format '{{.Id}}' $(cat "$work/pinned-names") >"$work/pinned-ids" 2>/dev/null || return 0
  paste -d' ' "$work/pinned-names" "$work/pinned-ids" | awk 'FILENAME == ARGV[1] { id[$1] = $2; next } { print $1 "\t" id[$2] }' - "$work/pinned"
}

# What of $work/now is not as $work/hashes and $work/expected say, in $work/other: service, what, and "ask" where Compose has the last word.
find_other() {
  in_use >"$work/in-use"
  pinned_ids >"$work/pins-in-force"
  awk -F'\t' -v OFS='\t' '
    FILENAME == ARGV[1] { split($0, pair, " "); hash[pair[1], pair[2]] = 1; next }
    FILENAME == ARGV[2] { image[$1] = $2; next }
    FILENAME == ARGV[3] { names[++n] = $1; copies[$1] = $2; nets[$1] = $3; next }
    function other(what, ask) { if (!(($1, what) in said)) print $1, what, ask; said[$1, what] = 1 }
    !($1 in copies) { next }
    {
      seen[$1] = 1
      if (!(($1, $2) in hash)) other("settings", "ask")
      if (($1 in image) && image[$1] != "" && $3 != image[$1]) other("image", "ask")
      k = split(nets[$1], each, " ")
      for (i = 1; i <= k; i++) if (index($4, " " each[i] " ") == 0) other("network " each[i], "")
    }
    END { for (i = 1; i <= n; i++) { $1 = names[i]; if (copies[$1] > 0 && !($1 in seen)) other("container", "ask") } }
  ' "$work/hashes" "$work/pins-in-force" "$work/expected" "$work/in-use" >"$work/other"
}

# What somebody has taken off a network (docker network disconnect) is left so by Compose, which compares what a container was told; back on
# it by hand, nobody finds it by its name. It is made anew, with its volumes, and with it what shares its network. Fails where there is none.
# shellcheck disable=SC2086 # names, each free of blanks
mend_networks() {
  [ -s "$work/other" ] || return 1
  off_=$(awk -F'\t' '$2 ~ /^network / && !said[$1]++ { printf " %s", $1 }' "$work/other")
  [ -n "$off_" ] || return 1
  note wait "$(echo $off_ | sed 's/ /, /g') to be made anew: somebody has taken it off a network"
  logged compose up -d --no-build --no-deps --force-recreate $off_ && logged compose up -d --no-build || return 1
  verify && find_other
}

# The containers that Compose would replace or make, a line each; of those services alone that are named: would_replace [SERVICE]
would_replace() {
  compose --dry-run up -d --no-build --no-deps "$@" </dev/null >"$work/would" 2>&1
  sed -n 's/.* Container \([^ ]*\)  *\(Recreate\|Create\|Creating\|Recreated\|Created\) *$/\1/p' "$work/would" | sort -u
}

# What is replaced service by service has the digest that Compose gives it then: where it has the network of another one, the id of that
# container is part of it, and nobody can tell it beforehand. Neither way of asking may want to replace it.
# shellcheck disable=SC2046 # names, each free of blanks
would_replace_either() {
  would_replace >"$work/would-all"
  asks_to_roll || { cat "$work/would-all"; return; }
  set -- $(awk -F'\t' '$3 == "ask" && !said[$1]++ { print $1 }' "$work/other")
  for each; do would_replace "$each"; done >"$work/would-alone"
  awk 'FILENAME == ARGV[1] { all[$0]; next } $0 in all' "$work/would-all" "$work/would-alone"
}

# Fails with $cause and $reason when something is not in force. Compose has the last word on a container: only what it would
# replace counts as another one.
in_force() {
  begin in-force ''
  [ -s "$work/hashes" ] || learn_hashes || read_hashes || { note output "what is in force cannot be compared: $(compose_said)"; return 0; }
  [ -s "$work/expected" ] || expected >"$work/expected"
  # What runs already was compared by what was seen last.
  [ -n "$as_compared" ] || find_other
  if ! mend_networks; then [ -z "$reason" ] || return 1; fi
  if [ -s "$work/other" ] && grep -q 'ask$' "$work/other"; then
    would=$(would_replace_either | tr '\n' ' ')
    awk -F'\t' -v would=" $would" -v project="$project" '
      FILENAME == ARGV[1] { if (index(would, " " $5 " ")) replaced[$1] = 1; next }
      # A name that Compose gives itself has a number behind it, and while it is replaced another one before it.
      $3 == "" || ($1 in replaced) || would ~ (" ([0-9a-f]+_)?" project "-" $1 "-[0-9]+ ")' "$work/in-use" "$work/other" >"$work/confirmed"
    mv "$work/confirmed" "$work/other"
  fi
  standing_differs
  # Before a deploy this was refused; whoever goes back must not be held up by it.
  if [ "$mode" != deploy ] && grep -q '^volume' "$work/differs"; then
    note output "not in force: other settings of $(awk -F'\t' '$1 == "volume" { print $2 }' "$work/differs" | sort -u | tr '\n' ' ')"
    grep -v '^volume' "$work/differs" >"$work/differs.new"
    mv "$work/differs.new" "$work/differs"
  fi
  [ -s "$work/other" ] || [ -s "$work/differs" ] || return 0
  reason=$({
    awk -F'\t' '{ print $1 ($2 ~ /^network/ ? " is not on the " $2 : $2 == "container" ? " has no container" : $2 == "image" ? " runs another image" : " runs with other settings") }' "$work/other"
    awk -F'\t' '{ print "the " $1 " " $2 " differs in " $3 }' "$work/differs"
  } | tr '\n' ';' | sed -e 's/;$//' -e 's/;/; /g')
  cause=not-in-force reason="not in force: $reason"
  [ -n "$strict" ] || { note output "$reason"; cause='' reason=''; return 0; }
  bad=
  return 1
}
