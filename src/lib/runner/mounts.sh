# shellcheck shell=sh
# One decision for each path of a Compose project, whoever mounts it: content of the commit lies in the release, data under
# shared/mounts, where it outlives releases. What is neither is refused by name.

# Reads, in this order: devices (of the volumes that Docker has: name, device), the active services, path_facts, path_uses.
# Writes lines whose fields are separated by tabs:
#   place    source  where it is kept
#   data     where it leads  where it is kept  what the release has there  what is kept there
#   direct   volume  device     content of the commit under a volume that nobody writes to: mounted without the volume
#   nested   source  where it is kept  its path below the source  where that leads     data within content of the commit
#   linked   source  where a link in it leads, which is mounted there  its path below the source
#   said     what a person is told
#   refused  why
decide() {
  env_links=$(env_links) LC_ALL=C awk -F '\t' -v OFS='\t' -v base="$base" -v release="$release" '
    function shown(source) { return (name[source] == ".") ? "." : "./" name[source] }
    function within(inner, outer) { return index(real[inner], real[outer] "/") == 1 }
    function refuse(why) { print "refused", why }
    function kept(source) {
      if (name[source] == ".") return base "/shared/repository"
      return base "/shared/" ((home[source] == "whole" || (whole && home[source] == "none")) ? "repository/" : "mounts/") name[source]
    }
    function follows(outer, inner) { return place[inner] == place[outer] "/" substr(real[inner], length(real[outer]) + 2) }
    function owner(i) { return (use[i, 1] == "bind") ? use[i, 2] : (use[i, 1] == "volume") ? "the volume " use[i, 2] : use[i, 3] " in " use[i, 2] }
    FILENAME == ARGV[1] { device[$1] = $2; next }
    FILENAME == ARGV[2] { active[$1] = 1; next }
    FILENAME == ARGV[3] { if (!($1 in real)) list[++n] = $1; real[$1] = $2; name[$1] = $3; state[$1] = $4; keeps[$1] = $5; home[$1] = $6; next }
    $1 == "bad" { refuse($2 " has a control character in its path"); next }
    $1 == "option" { refuse("the volume " $2 " has the option " $3 ", a path of the release, which goes with it: only a bind mount of a whole folder (type none, o bind, device) can be kept"); next }
    $1 == "mounted" { mounted[$4] = 1; if ($3 == "rw") writes[$4] = (writes[$4] == "") ? $2 : writes[$4]; next }
    { uses++; for (i = 1; i <= NF; i++) use[uses, i] = $i }
    END {
      for (i = 1; i <= uses; i++) {
        kind = use[i, 1]
        source = from[i] = use[i, 4]
        if (kind == "bind" && use[i, 3] == "rw") written[real[source]] = 1
        if (kind == "volume") { if (!(use[i, 2] in mounted) || writes[use[i, 2]] != "") written[real[source]] = 1 }
      }
      for (i = 1; i <= n; i++) {
        source = list[i]
        w = real[source] in written
        # Whoever may write to a folder may write to what lies in it.
        if (!w && state[source] ~ /^(missing|hollow|empty)$/) for (path in written) if (index(real[source], path "/") == 1) w = 1
        # Of the repository itself all that services may write is theirs, whichever commit it was written beside.
        if (name[source] == ".") is[source] = w || keeps[source] == "data"
        else if (state[source] == "missing") is[source] = w || keeps[source] != "missing"
        # Whoever writes to it may come with a later release, and this one be gone back to.
        else if (state[source] == "hollow") is[source] = 1
        else if (state[source] == "empty") is[source] = w || keeps[source] == "data"
        else is[source] = state[source] == "content" && w && keeps[source] == "data"
      }
      # What is within data is data. What data is within is, too, unless the commit has something there.
      do {
        changed = 0
        for (i = 1; i <= n; i++) for (j = 1; j <= n; j++) {
          a = list[i]; b = list[j]
          if (is[a] || !is[b] || state[a] ~ /^(elsewhere|forbidden)$/) continue
          if (within(a, b) || real[a] == real[b] || (within(b, a) && state[a] != "content")) { is[a] = 1; changed = 1 }
        }
      } while (changed)
      for (i = 1; i <= n; i++) if (name[list[i]] == "." && is[list[i]]) whole = 1
      for (i = 1; i <= n; i++) for (j = 1; j <= n; j++) if (is[list[j]] && home[list[j]] == "own" && name[list[j]] != "." && within(list[i], list[j])) home[list[i]] = "own"
      for (i = 1; i <= n; i++) for (j = 1; j <= n; j++) if (is[list[j]] && home[list[j]] == "whole" && within(list[i], list[j]) && home[list[i]] == "none") home[list[i]] = "whole"
      # A volume cannot be told another place: what Docker has of it stays where it is.
      for (i = 1; i <= uses; i++) if (use[i, 1] == "volume" && is[from[i]] && index(device[use[i, 3]], base "/releases/") == 1) stays[real[from[i]]] = device[use[i, 3]]
      for (i = 1; i <= n; i++) {
        source = list[i]
        if (!is[source]) continue
        place[source] = kept(source)
        for (path in stays) {
          if (real[source] == path) place[source] = stays[path]
          else if (index(real[source], path "/") == 1) place[source] = stays[path] substr(real[source], length(path) + 1)
        }
        print "place", source, place[source]
        if (!(real[source] in done)) {
          if ((place[source] in taken)) refuse(shown(source) " and ../" name[source] " would be kept in one folder")
          taken[place[source]] = 1
          line = "data" OFS real[source] OFS place[source] OFS state[source] OFS keeps[source]
          # What the others lie in comes first.
          if (name[source] == ".") print line
          else rest = rest line "\n"
        }
        done[real[source]] = 1
      }
      printf "%s", rest
      for (i = 1; i <= n; i++) for (j = 1; j <= n; j++) if (is[list[j]] && within(list[j], list[i]) && !(is[list[i]] && follows(list[i], list[j])))
        print "nested", list[i], place[list[j]], substr(real[list[j]], length(real[list[i]]) + 2), real[list[j]]
      # Settings and secrets, where they are on the machine of who wrote them, for whoever has the folder as a whole. Of a folder of the commit
      # the link is part, and leads somewhere.
      links = split(ENVIRON["env_links"], link, "\n")
      for (i = 1; i <= n; i++) for (j = 1; j <= links; j++) if (index(link[j], real[list[i]] "/") == 1) {
        below = substr(link[j], length(real[list[i]]) + 2)
        if (is[list[i]]) print "nested", list[i], base "/shared/secrets/env_file", below, link[j]
        else if (state[list[i]] == "content") print "linked", list[i], base "/shared/secrets/env_file", below
      }
      for (i = 1; i <= uses; i++) {
        kind = use[i, 1]; source = from[i]
        if (state[source] == "elsewhere") continue
        if (state[source] == "forbidden") { refuse(owner(i) " uses " source ", which is outside the repository and within what zebu manages"); continue }
        if (kind == "volume" && !is[source] && state[source] != "missing") {
          if (writes[use[i, 2]] != "") refuse(writes[use[i, 2]] " may write to the volume " use[i, 2] ", but its device " shown(source) " is part of the commit and goes with the release: keep data in a folder that is not part of the commit")
          else print "direct", use[i, 2], real[source]
          continue
        }
        if (is[source]) {
          if (kind == "file" && state[source] == "missing" && keeps[source] == "missing") refuse(owner(i) ": there is nothing at its file " shown(source))
          by = (kind == "bind") ? use[i, 2] : (kind == "volume") ? "volume " use[i, 2] : use[i, 3]
          if (!((source, by) in told)) who[real[source]] = who[real[source]] ((who[real[source]] == "") ? "" : ", ") by
          told[source, by] = 1
        }
        else if (state[source] == "missing") {
          if (kind == "bind" && !(use[i, 2] in active)) continue
          if (kind == "file") refuse(owner(i) ": its file " shown(source) " is not part of the commit: put it into " kept(source) " of the VM" ((use[i, 2] == "secrets") ? ", or say environment: with the name of a secret that zebu.yml declares in place of file:" : ", or into the commit"))
          else refuse(owner(i) " mounts " shown(source) " read-only, but it is neither part of the commit nor written by any service; put it into the commit, or into " kept(source) " of the VM")
        }
        else if (kind == "bind" && use[i, 3] == "rw" && (use[i, 2] in active) && !((use[i, 2], source) in told)) {
          told[use[i, 2], source] = 1
          print "folder", source, use[i, 2] " may write to " shown(source) ", which is part of the commit: what it writes there is kept beside what the commit has"
        }
      }
      for (i = 1; i <= n; i++) {
        source = list[i]
        if (!(real[source] in who)) continue
        # What is part of the repository is where that is.
        if (whole && name[source] != "." && state[source] == "content" && home[source] != "own") continue
        why = (name[source] == ".") ? "is the repository: what is written there is kept beside the files of the commit," : (state[source] == "missing") ? "is not part of the commit and is kept" : (state[source] ~ /^(hollow|empty)$/) ? "holds nothing in the commit: it is data, kept" : "holds data of releases before and is kept"
        print "said", who[real[source]] ": " shown(source) " " why " in " place[source]
        delete who[real[source]]
      }
    }' "$@"
}

# Writes the Compose file that puts what was decided into force, from the configuration and the lines of decide. Entries
# are written as they were read, but for their source, so that none of their options is lost. Compose merges by target.
write_overlay() {
  LC_ALL=C awk -v decided="$1" "$scan_all"'
    function string(raw) { gsub(/\\/, "\\\\", raw); gsub(/"/, "\\\"", raw); gsub(/[$]/, "$$", raw); return "\"" raw "\"" }
    function entry(spec) {
      if (service != heading) { if (!any++) print "services:"; print "  " string(service) ":\n    volumes:"; heading = service }
      print "      - " spec
    }
    BEGIN {
      while ((getline row < decided) > 0) {
        split(row, field, "\t")
        if (field[1] == "place") place[field[2]] = field[3]
        if (field[1] == "direct") direct[field[2]] = field[3]
        if (field[1] == "nested") nested[++inner] = row
        if (field[1] == "linked") leads[++outer] = row
      }
    }
    section == "services" && depth == 2 && key != "" { service = key; split("", targets); m = 0; next }
    section == "services" && depth == 2 && line ~ /^\}/ {
      # Data within what is mounted as a whole, for who does not mount it himself.
      for (i = 1; i <= m; i++) for (j = 1; j <= inner; j++) {
        split(nested[j], field, "\t")
        at = targets[i]
        sub(/\/$/, "", at)
        at = at "/" field[4]
        if (sources[i] != field[2] || (at in has)) continue
        has[at] = 1
        entry("{ \"type\": \"bind\", \"source\": " string(field[3]) ", \"target\": " string(at) modes[i] " }")
      }
      for (i = 1; i <= m; i++) for (j = 1; j <= outer; j++) {
        split(leads[j], field, "\t")
        at = targets[i]
        sub(/\/$/, "", at)
        if (sources[i] != field[2] || ((at "/" field[4]) in has) || (field[3] in has)) continue
        has[field[3]] = 1
        entry("{ \"type\": \"bind\", \"source\": " string(field[3]) ", \"target\": " string(field[3]) ", \"read_only\": true }")
      }
      split("", has)
      next
    }
    section == "services" && depth == 3 && key != "" { member = key; next }
    section == "services" {
      if (member != "volumes") next
      if (depth == 4 && line ~ /^\{/) { whole = "{"; type = source = target = mode = "" }
      if (depth == 5 && key == "type") type = value(line)
      if (depth == 5 && key == "source") source = text(value(line))
      if (depth == 5 && key == "target") target = text(value(line))
      if (depth == 5 && key == "read_only" && line ~ /true/) mode = ", \"read_only\": true"
      if (depth >= 5) whole = whole " " ((depth == 5 && key == "source" && (source in place)) ? "\"source\": " string(place[source]) "," : line)
      if (depth == 4 && line ~ /^\}/) {
        has[target] = 1
        if (type == "bind" && (source in place)) entry(whole " }")
        if (type == "bind") { targets[++m] = target; sources[m] = source; modes[m] = mode }
        if (type == "volume" && (source in direct)) entry("{ \"type\": \"bind\", \"source\": " string(direct[source]) ", \"target\": " string(target) ", \"read_only\": true }")
      }
      next
    }
    section ~ /^(configs|secrets|volumes)$/ && depth == 2 && key != "" { name = key }
    section == "volumes" && depth == 4 && key == "device" { source = text(value(line)); if (source in place) tail["volumes"] = tail["volumes"] "  " string(name) ": { driver_opts: { device: " string(place[source]) " } }\n" }
    section ~ /^(configs|secrets)$/ && depth == 3 && key == "file" { source = text(value(line)); if (source in place) tail[section] = tail[section] "  " string(name) ": { file: " string(place[source]) " }\n" }
    END { for (section in tail) printf "%s:\n%s", section, tail[section] }'
}

# The devices of volumes that Docker has already, for those of the project that are folders here: name and device.
known_devices() {
  names=$(awk -F '\t' '$1 == "volume" { print $3 }' "$work/uses" | sort -u)
  # One that is not there yet has none.
  # shellcheck disable=SC2086 # names, each free of blanks
  [ -z "$names" ] || timeout 60 docker volume inspect --format '{{.Name}}	{{index .Options "device"}}' $names 2>/dev/null
  return 0
}

# The configuration with the services of all profiles: what is mounted by one that is only run now and then is the same data.
config_of_all() {
  if ! plain_files && compose_says profiles &&
    compose --profile '*' config --format json </dev/null >"$work/config-of-all" 2>/dev/null && as_spelled "$work/config-of-all" --profile '*'; then echo "$work/config-of-all"
  else echo "$work/config"
  fi
}

# Decides, from $work/config, and writes shared.yml of the release. Fails with $cause and $reason set. Changes nothing that is
# shared.
map_mounts() {
  every=$(config_of_all)
  path_uses <"$every" >"$work/uses"
  : >"$work/decided"
  : >"$work/said"
  [ ! -s "$work/uses" ] || decide_mounts || return 1
  note_tended
  if [ ! -s "$work/decided" ]; then drop "$release/shared.yml"; overlays; return 0; fi
  say_mounts
  # Where such data is mounted there has to be something; within what is kept by its content see place_files.
  awk -F '\t' -v top="$release/" '$1 == "nested" && index($2, top) != 1 { print $5 }' "$work/decided" | while IFS= read -r path; do [ -e "$path" ] || mkdir -p "$path"; done
  write_overlay "$work/decided" <"$every" >"$release/shared.yml.new" || { cause=no-space reason='no space left in the VM'; return 1; }
  if [ -s "$release/shared.yml.new" ]; then mv "$release/shared.yml.new" "$release/shared.yml"; else drop "$release/shared.yml.new" "$release/shared.yml"; fi
  overlays
  # What else looks at volumes, configs and secrets is to see the places they have now, and who is given settings (note_gives) what he is given.
  ! grep -qE '^(volumes|configs|secrets):|/shared/secrets/env_file"' "$release/shared.yml" 2>/dev/null || {
    rm -f "$work/config"
    read_config || { blame compose-invalid '' "$(compose_said)"; return 1; }
  }
}

# Fails with $cause and $reason set for a path that must not be.
decide_mounts() {
  awk "$scan"' depth == 2 && key != "" { print key }' "$work/config" >"$work/active"
  awk -F '\t' '$1 == "bind" || $1 == "volume" || $1 == "file" { print $4 }' "$work/uses" | sort -u | path_facts >"$work/facts"
  known_devices >"$work/devices"
  decide "$work/devices" "$work/active" "$work/facts" "$work/uses" >"$work/decided" || { cause=compose-invalid reason='the paths of the Compose files cannot be read'; return 1; }
  cause=compose-invalid reason=$(sed -n 's/^refused	//p' "$work/decided" | head -n 1)
  [ -z "$reason" ] && unchanged_data
}

say_mounts() {
  while IFS='	' read -r kind source what; do
    case $kind in
      said) printf '%s\n' "$source" ;;
      # Of a file it is what everybody does who leaves out :ro.
      folder) [ ! -d "$source" ] || printf '%s\n' "$what" ;;
    esac
  done <"$work/decided" >"$work/said"
  [ ! -s "$work/said" ] || logged cat "$work/said"
}
