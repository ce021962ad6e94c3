# shellcheck shell=sh
# Networks and volumes outlive releases, and Docker cannot change their settings. A network is made anew, with the
# containers on it. A volume holds data: settings it cannot be given are refused before anything is changed.

# Reads the indented JSON of "docker compose config", and writes what the networks and volumes of the app are to be, one
# setting a line, fields separated by tabs: kind name setting; "here" for each, whatever its settings.
standing_wanted() {
  awk -v OFS='\t' -v base="$base/" -v release="$release/" "$scan_all"'
    # Where a folder of the project is kept is decided for it (mounts.sh), and lies elsewhere in what is read here.
    function placed(path) { return index(path, base) == 1 || index(path, release) == 1 }
    function flush(   i) {
      if (kind != "" && !external) for (i = 1; i <= n; i++) print kind, name, wanted[i]
      kind = ""
    }
    section != "networks" && section != "volumes" { flush(); next }
    depth == 2 { flush(); if (key != "") { kind = section == "networks" ? "network" : "volume"; name = key; external = 0; n = 1; wanted[1] = "here"; member = "" } next }
    depth == 3 && key != "" { member = key }
    depth == 3 && key == "name" { name = value(line) }
    depth == 3 && key == "external" && value(line) == "true" { external = 1 }
    depth == 3 && key == "driver" { wanted[++n] = "driver " value(line) }
    depth == 3 && key ~ /^(internal|attachable|enable_ipv6)$/ { wanted[++n] = key " " value(line) }
    depth == 4 && key != "" && (member == "driver_opts" || member == "labels") {
      if (key == "device" && placed(text(value(line)))) next
      sub(/,$/, "", line); sub(/": /, "\":", line); gsub(/[$][$]/, "$", line)
      wanted[++n] = member " " line
    }
    member == "ipam" && key ~ /^(subnet|gateway|ip_range)$/ { wanted[++n] = key " " value(line) }
    member == "ipam" && depth == 4 && key == "driver" { wanted[++n] = "ipam_driver " value(line) }
    # Names within it have the depth of nothing else.
    member == "ipam" && depth == 7 && key != "" { sub(/,$/, "", line); sub(/": /, "\":", line); wanted[++n] = "aux_addresses " line }
    END { flush() }'
}

# The same of those that are there, as Docker has them: standing_found FILE, which names them.
standing_found() {
  names=$(awk -F'\t' '$1 == "volume" && $3 == "here" { print $2 }' "$1")
  # shellcheck disable=SC2016,SC2086 # a template of Docker's; names, each free of blanks
  [ -z "$names" ] || timeout 60 docker volume inspect --format '{{$v := .}}volume{{"\t"}}{{.Name}}{{"\t"}}here
volume{{"\t"}}{{.Name}}{{"\t"}}driver {{.Driver}}{{range $k, $o := .Options}}
volume{{"\t"}}{{$v.Name}}{{"\t"}}driver_opts {{json $k}}:{{json $o}}{{end}}{{range $k, $o := .Labels}}
volume{{"\t"}}{{$v.Name}}{{"\t"}}labels {{json $k}}:{{json $o}}{{end}}' $names 2>/dev/null
  names=$(awk -F'\t' '$1 == "network" && $3 == "here" { print $2 }' "$1")
  # shellcheck disable=SC2016,SC2086 # a template of Docker's; names, each free of blanks
  [ -z "$names" ] || timeout 60 docker network inspect --format '{{$v := .}}network{{"\t"}}{{.Name}}{{"\t"}}here
network{{"\t"}}{{.Name}}{{"\t"}}driver {{.Driver}}
network{{"\t"}}{{.Name}}{{"\t"}}internal {{.Internal}}
network{{"\t"}}{{.Name}}{{"\t"}}attachable {{.Attachable}}
network{{"\t"}}{{.Name}}{{"\t"}}enable_ipv6 {{.EnableIPv6}}
network{{"\t"}}{{.Name}}{{"\t"}}ipam_driver {{.IPAM.Driver}}{{range $k, $o := .Options}}
network{{"\t"}}{{$v.Name}}{{"\t"}}driver_opts {{json $k}}:{{json $o}}{{end}}{{range $k, $o := .Labels}}
network{{"\t"}}{{$v.Name}}{{"\t"}}labels {{json $k}}:{{json $o}}{{end}}{{range .IPAM.Config}}
network{{"\t"}}{{$v.Name}}{{"\t"}}subnet {{.Subnet}}
network{{"\t"}}{{$v.Name}}{{"\t"}}gateway {{.Gateway}}
network{{"\t"}}{{$v.Name}}{{"\t"}}ip_range {{.IPRange}}{{range $k, $o := .AuxAddress}}
network{{"\t"}}{{$v.Name}}{{"\t"}}aux_addresses {{json $k}}:{{json $o}}{{end}}{{end}}' $names 2>/dev/null
  return 0
}

# Whether that is so of all releases, and of this one, which a dry run has elsewhere.
names_alone() {
  for each in "$base"/releases/*/standing "$release/standing"; do
    [ -e "$each" ] || continue
    while IFS='	' read -r _ _ setting_; do [ "$setting_" = here ] || return 1; done <"$each"
  done
}

# The release of which it is known that all ask for nothing but names.
only_names=
# Which of them differ from what the release wants: kind name setting (without its value), in $work/differs. What is there and
# not wanted counts where some release had asked for it: Docker and its drivers add settings of their own.
standing_differs() {
  : >"$work/differs"
  [ -s "$release/standing" ] || return 0
  # Nothing but names: as all of them are made. Nobody writes of others meanwhile, and it is asked three times.
  [ "$only_names" != "$release" ] || return 0
  if names_alone; then only_names=$release; return 0; fi
  cat "$base"/releases/*/standing "$release/standing" 2>/dev/null >"$work/asked-once"
  standing_found "$release/standing" >"$work/found"
  awk -F'\t' -v OFS='\t' '
# include ./setting.awk
    FILENAME == ARGV[1] { there[$1, $2] = 1; is[$0] = 1; next }
    FILENAME == ARGV[2] { wanted[$0] = 1; asked[$1, $2, setting($3)] = 1; if ((($1, $2) in there) && !($0 in is)) print $1, $2, setting($3); next }
    ($0 in is) && !($0 in wanted) && !(($1, $2, setting($3)) in asked) { print $1, $2, setting($3) }
  ' "$work/found" "$release/standing" "$work/asked-once" | sort -u >"$work/differs"
}

# Notes what is wanted, and refuses with $cause and $reason what a volume cannot become.
check_standing() {
  only_names=
  standing_wanted <"$work/config" >"$release/standing" || { cause=no-space reason='no space left in the VM'; return 1; }
  refuse_standing
}

# The same where secrets are rendered as markers: a setting with one is taken for what is there.
plan_standing() {
  standing_wanted <"$work/config" >"$work/wanted" || return 1
  standing_found "$work/wanted" >"$work/found"
  awk -F'\t' '
# include ./setting.awk
    FILENAME == ARGV[1] { is[$1, $2, setting($3)] = $0; next }
    /zebu-marker-/ && (($1, $2, setting($3)) in is) { print is[$1, $2, setting($3)]; next }
    { print }' "$work/found" "$work/wanted" >"$release/standing"
  refuse_standing
}

# What is external has to be there, which Compose says when it has begun to start the others. A hook may make it until then; where nothing
# was read anew it is what the live release uses.
check_external() {
  [ -e "$work/config" ] && [ ! -f "$tree/.zebu/hooks/pre-deploy" ] || return 0
  awk "$scan_all"'
    section != "networks" && section != "volumes" { next }
    depth == 2 && key != "" { name = key; external = 0 }
    depth == 3 && key == "name" { name = value(line) }
    depth == 3 && key == "external" && value(line) == "true" { external = 1 }
    depth == 2 && line ~ /^\}/ && external { print (section == "networks" ? "network" : "volume"), name }' "$work/config" >"$work/external"
  while read -r kind_ name_; do
    timeout 60 docker "$kind_" inspect "$name_" </dev/null >/dev/null 2>&1 && continue
    # Docker may not answer.
    timeout 60 docker "$kind_" ls -q </dev/null >/dev/null 2>&1 || continue
    cause=compose-invalid reason="the $kind_ $name_ is external, and there is none in the VM: make it there (docker $kind_ create $name_), or take external out"
    return 1
  done <"$work/external"
}

refuse_standing() {
  check_external || return 1
  standing_differs
  reason=
  [ -s "$work/differs" ] || return 0
  reason=$(awk -F'\t' '$1 == "volume" { list[$2] = list[$2] ((list[$2] == "") ? "" : ", ") $3 } END { for (name in list) print name " (" list[name] ")" }' "$work/differs" | tr '\n' ';' | sed -e 's/;$//' -e 's/;/; /g')
  [ -z "$reason" ] && return 0
  cause=volume-fixed reason="Docker cannot change the settings of a volume that is there: $reason; take the change back, give the volume another name and move its data, or remove it when it holds nothing that is needed (docker volume rm)"
  return 1
}

# Takes down the networks whose settings are other ones. The containers on them are stopped, and no more: "up" replaces them,
# as their digests say, and hands their anonymous volumes on.
renew_networks() {
  standing_differs
  [ -s "$work/differs" ] || return 0
  watch_gap
  # shellcheck disable=SC2013 # words
  for name in $(awk -F'\t' '$1 == "network" { print $2 }' "$work/differs" | sort -u); do
    logged echo "the network $name is made anew, with the containers on it: another $(awk -F'\t' -v name="$name" '$2 == name { print $3 }' "$work/differs" | paste -sd, | sed 's/,/, /g')"
    on=$(timeout 60 docker ps -aq --no-trunc --filter "network=$name" --filter "label=com.docker.compose.project=$project")
    # shellcheck disable=SC2086 # ids, a word each
    [ -z "$on" ] || { logged timeout 600 docker stop $on; }
    logged timeout 60 docker network rm "$name" || { cause=network-failed reason="the network $name cannot be made anew: $(last_line "$step")"; return 1; }
  done
}
