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
  # Docker answers in the order it was asked in.
  paste -d' ' "$work/names" "$work/ids" >"$work/named"
  echo 'services:' >"$work/images"
  while read -r service image builder; do
    line=$(awk -v image="$image" '$1 == image { print; exit }' "$work/named")
    id_=$(echo "$line" | cut -d' ' -f2)
    pinned=zebu/$project-$builder:$(printf '%s' "$id_" | sed -e 's/^sha256://' | cut -c1-12)
    case " $line " in *" $pinned "*) ;; *) [ "$service" != "$builder" ] || timeout 120 docker tag "$id_" "$pinned" || { reason="cannot tag $pinned"; return 1; } ;; esac
    printf '  "%s":\n    image: "%s"\n' "$service" "$pinned" >>"$work/images"
  done <"$work/built"
  cp "$work/images" "$release/images.yml"
  overlays
}
`;
