/** Content-addressed names for what was built, so that an unchanged service keeps its container. */
export const IMAGES = String.raw`
# Reads $work/config, and writes "service image builder" for each service whose image is built here: by itself, or by
# another service that gives it the same name.
built_images() {
  awk -v project="$project" "$scan"'
    depth == 2 && key != "" { service = key; names[++n] = service; image[service] = project "-" service; next }
    depth == 3 && key == "image" { image[service] = value(line) }
    depth == 3 && key == "build" { builds[service] = 1 }
    END {
      for (i = n; i >= 1; i--) if (names[i] in builds) builder[image[names[i]]] = names[i]
      for (i = 1; i <= n; i++) if (image[names[i]] in builder) print names[i], image[names[i]], builder[image[names[i]]]
    }' "$work/config"
}

# Pins what was built under names that a later build does not move: what a restore needs.
pin_images() {
  built_images >"$work/built"
  [ -s "$work/built" ] || return 0
  cut -d' ' -f2 "$work/built" | sort -u >"$work/names"
  timeout 120 docker image inspect --format '{{.Id}}{{range .RepoTags}} {{.}}{{end}}' $(cat "$work/names") >"$work/ids" 2>"$work/error" ||
    { reason="the build left no image: $(tail -n 1 "$work/error")"; return 1; }
  # Docker answers in the order it was asked in: image, id, its other names.
  paste -d' ' "$work/names" "$work/ids" >"$work/named"
  awk -v prefix="zebu/$project-" '
    FILENAME == ARGV[1] { id[$1] = $2; for (i = 3; i <= NF; i++) has[$2, $i] = 1; next }
    { pinned = prefix $3 ":" substr(id[$2], index(id[$2], ":") + 1, 12); print $1, pinned, id[$2], ((id[$2], pinned) in has || $1 != $3) ? "there" : "new" }
  ' "$work/named" "$work/built" >"$work/pins"
  echo 'services:' >"$work/images"
  while read -r service pinned id_ state; do
    [ $state = there ] || timeout 120 docker tag "$id_" "$pinned" || { reason="cannot tag $pinned"; return 1; }
    printf '  "%s":\n    image: "%s"\n' "$service" "$pinned" >>"$work/images"
  done <"$work/pins"
  cp "$work/images" "$release/images.yml"
  overlays
}
`;
