/** Relative bind mounts: what the commit does not have is data, and data outlives releases. */
export const MOUNTS = String.raw`
# Reads the indented JSON of "docker compose config", and writes service|path below the release|target for each bind
# mount from within the release that a service may write to.
release_mounts() {
  awk -v top="$release/" "$scan"'
    depth == 2 && key != "" { service = key; next }
    depth == 3 && key != "" { member = key; next }
    member != "volumes" { next }
    depth == 4 && line ~ /^\{/ { type = source = target = ""; readonly = 0 }
    depth == 5 && key == "type" { type = value(line) }
    depth == 5 && key == "source" { source = value(line) }
    depth == 5 && key == "target" { target = value(line) }
    depth == 5 && key == "read_only" { readonly = 1 }
    depth == 4 && line ~ /^\}/ && type == "bind" && !readonly && index(source, top) == 1 {
      print service "|" substr(source, length(top) + 1) "|" target
    }'
}

# Writes shared.yml, which puts such mounts under shared/mounts. Compose merges it by target.
map_mounts() {
  release_mounts <"$work/config" >"$work/mounts" || return 1
  : >"$work/shared"
  mapped=
  while IFS='|' read -r service path target; do
    name=$(printf '%s' "$path" | sed 's|^tree/||')
    if [ -e "$release/$path" ]; then
      [ ! -d "$release/$path" ] || logged echo "$service may write to ./$name, which is part of the commit: what it writes there goes with the release"
      continue
    fi
    mkdir -p "$base/shared/mounts/$name" || return 1
    [ "$mapped" = "$service" ] || printf '  "%s":\n    volumes:\n' "$service" >>"$work/shared"
    mapped=$service
    printf '      - { type: bind, source: "%s", target: "%s" }\n' "$base/shared/mounts/$name" "$target" >>"$work/shared"
    logged echo "$service: ./$name is not part of the commit and is kept in $base/shared/mounts/$name"
  done <"$work/mounts"
  [ -s "$work/shared" ] || return 0
  { echo 'services:'; cat "$work/shared"; } >"$release/shared.yml"
  overlays
}
`;
