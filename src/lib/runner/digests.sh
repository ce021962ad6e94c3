# shellcheck shell=sh
# What a container is given besides its own settings: configs and secrets, by their content, ".env" as a file, and networks
# with settings of their own. Compose does not replace a container when only that changes. A digest of it in the service's
# labels makes it do so.

# Reads the indented JSON of "docker compose config", and writes for each service what it is given so, fields separated by
# tabs: service kind name what; kind is text (what: its JSON), env (a name) or file (a path).
given_contents() {
  awk -v OFS='\t' -v release="$release" -v tended="$release/tended" "$scan_all"'
    # What the commit has in a folder that outlives it; whichever of both paths is named.
    function tends(path,   i) {
      for (i = 1; i <= folders; i++) {
        if (path == place[i] || index(path, place[i] "/") == 1) return tree[i] substr(path, length(place[i]) + 1)
        if (path == tree[i] || index(path, tree[i] "/") == 1) return path
      }
      return ""
    }
    BEGIN { while ((getline row < tended) > 0) { split(row, field, "\t"); tree[++folders] = release ((field[1] == ".") ? "/tree" : "/tree/" field[1]); place[folders] = field[2] } }
    function from(kind, name, what) { given[section, name] = kind OFS name OFS what }
    section == "configs" || section == "secrets" {
      if (depth == 2 && key != "") name = key
      if (depth == 3 && key == "content") { sub(/,$/, "", line); from("text", name, line) }
      if (depth == 3 && key == "environment") from("env", name, text(value(line)))
      if (depth == 3 && key == "file") from("file", name, text(value(line)))
      next
    }
    section == "networks" {
      if (depth == 2 && key != "") name = key
      else if (depth > 2 && key != "name" && line != "\"ipam\": {}" && line != "\"ipam\": {},") {
        if (key == "external") outside[name] = 1
        sub(/,$/, "", line)
        network[name] = network[name] line
      }
      next
    }
    section != "services" { next }
    depth == 2 && key != "" { service = key; next }
    depth == 3 && key != "" { member = key; next }
    member == "networks" && depth == 4 && key != "" { uses[++n] = service; source[n] = "networks" SUBSEP key }
    (member == "configs" || member == "secrets") && depth == 5 && key == "source" { uses[++n] = service; source[n] = member SUBSEP value(line) }
    member == "volumes" && depth == 5 && key == "source" && value(line) ~ /\/(tree|shared\/secrets)(\/.*)?\/(\.env|env_file)$/ {
      uses[++n] = service; source[n] = "dotenv" SUBSEP n; given["dotenv", n] = "file" OFS ".env" OFS text(value(line))
    }
    member == "volumes" && folders && depth == 5 && key == "source" && (path = tends(text(value(line)))) != "" {
      uses[++n] = service; source[n] = "tended" SUBSEP n; given["tended", n] = "file" OFS substr(path, length(release) + 2) OFS path
    }
    END {
      for (name in network) if (!(name in outside)) { section = "networks"; from("text", name, network[name]) }
      for (i = 1; i <= n; i++) if (source[i] in given) print uses[i], given[source[i]]
    }'
}

# The value of a name as Compose gets it: its last line in the files of zebu, or all of a file of the commit that has it.
value_line() {
  found=
  for each in $environment; do
    case $each in
      --env-file) ;;
      "$directory/.env"|"$tree/.env") ! grep -qE "^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*=" "$each" || found=$(cat "$each") ;;
      *) ! grep -qs "^$1=" "$each" || found=$(grep "^$1=" "$each" | tail -n 1) ;;
    esac
  done
  printf '%s\n' "$found"
}

# Writes digests.yml for the release that is brought up next. The key keeps a short secret from being guessed from its digest.
write_digests() {
  : >"$work/digests"
  if [ -e "$release/gives" ]; then
    read_config && given_contents <"$work/config" | LC_ALL=C sort -u >"$work/given" || return 1
    tab=$(printf '\t') last=
    while IFS=$tab read -r service kind name what; do
      [ "$service" = "$last" ] || { [ -z "$last" ] || digest_line; last=$service; : >"$work/content"; }
      printf '%s %s\n' "$kind" "$name" >>"$work/content"
      case $kind in
        text) printf '%s\n' "$what" ;;
        env) value_line "$what" ;;
        # By what is in it, wherever it lies.
        file) if [ -d "$what" ]; then tar -c --sort=name --mtime=@0 --owner=0 --group=0 -C "$what" . 2>/dev/null | sha256sum; else cat "$what" 2>/dev/null || echo none; fi ;;
      esac >>"$work/content"
    done <"$work/given"
    [ -z "$last" ] || digest_line
  fi
  [ -s "$work/digests" ] || { drop "$release/digests.yml"; overlays; return 0; }
  { echo 'services:'; cat "$work/digests"; } >"$work/digests.yml" && cp "$work/digests.yml" "$release/digests.yml"
  overlays
}
digest_line() {
  sum=$(cat "$base/shared/secrets/key" "$work/content" 2>/dev/null | sha256sum | cut -c1-16)
  printf '  "%s":\n    labels: { dev.zebu.contents: "%s" }\n' "$last" "$sum" >>"$work/digests"
}

# Whether a release gives anything so: what does not is not read again for it each time.
note_gives() {
  given_contents <"$work/config" >"$work/given" || return 1
  if [ -s "$work/given" ]; then : >"$release/gives"; else drop "$release/gives"; fi
}
