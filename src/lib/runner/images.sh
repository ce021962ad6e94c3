# shellcheck shell=sh
# Names that do not move for what a release runs: built images by their content, pulled ones by their digest. An unchanged
# service keeps its container, and going back brings the image back that was there.

# Reads $work/config, and writes for each service whose image is built here, by itself or by another service that gives it
# the same name: "service image builder". For the others "service image pull_policy", to $work/pulled.
built_images() {
  : >"$work/pulled"
  awk -v project="$project" -v pulled="$work/pulled" "$scan_images"'
    depth == 3 && key == "pull_policy" { policy[service] = value(line) }
    END {
      find_builders()
      for (i = 1; i <= n; i++) {
        name = names[i]
        if (image[name] in builder) print name, image[name], builder[image[name]]
        else print name, image[name], ((name in policy) ? policy[name] : "missing") >pulled
      }
    }' "$work/config"
}

# Everything of $work/names at once, in the order it was asked in: id and other names. Fails when one is not there.
inspect_images() {
  # shellcheck disable=SC2046 # names, each free of blanks
  timeout 120 docker image inspect --format '{{.Id}}{{range .RepoTags}} {{.}}{{end}}{{range .RepoDigests}} {{.}}{{end}}' $(cat "$work/names") >"$work/ids" 2>"$work/error"
}

# Pulls what is not there, and what is to be new each time: before anything that runs is touched.
pull_images() {
  awk '$3 ~ /^(always|refresh|daily|weekly|every_.*)$/ { print $1 }' "$work/pulled" >"$work/to-pull"
  [ -s "$work/to-pull" ] || ! inspect_images || return 0
  while read -r service image policy; do
    case $policy in always|refresh|daily|weekly|every_*|never|build) continue ;; esac
    timeout 60 docker image inspect "$image" </dev/null >/dev/null 2>&1 || echo "$service" >>"$work/to-pull"
  done <"$work/pulled"
  if [ -s "$work/to-pull" ]; then
    note wait "images of $(tr '\n' ' ' <"$work/to-pull")"
    # shellcheck disable=SC2046 # names, each free of blanks
    logged compose pull $(cat "$work/to-pull") || { blame image-missing 'an image cannot be pulled: ' "$(last_line build)"; return 1; }
  fi
  inspect_images
}

pin_images() {
  built_images >"$work/built"
  # Of what was not built again it is known.
  : >>"$work/kept-images"
  cat "$work/built" "$work/pulled" | awk 'FILENAME == ARGV[1] { kept[$1] = 1; next } !($2 in kept) { print $2 }' "$work/kept-images" - | sort -u >"$work/names"
  # For who removes the app: what is built for it may have other names.
  cut -d' ' -f2 "$work/built" | sort -u >"$release/image-names"
  : >"$work/ids"
  cause='' reason=''
  if [ ! -s "$work/names" ]; then :
  elif [ -s "$work/pulled" ]; then pull_images; else inspect_images; fi ||
    { [ -n "$reason" ] || blame image-missing 'an image is not there: ' "$(tail -n 1 "$work/error")"; return 1; }
  { paste -d' ' "$work/names" "$work/ids"; cut -d' ' -f1,2,4- "$work/kept-images"; } >"$work/named"
  awk -v prefix="zebu/$project-" '
    # As Docker itself writes the repository of an image.
    function repository(name) { sub(/@.*/, "", name); sub(/:[^:\/]*$/, "", name); sub(/^docker[.]io\//, "", name); sub(/^library\//, "", name); return name }
    # Of a service there may be capitals in the name, and signs beside each other.
    function part(service) {
      service = tolower(service)
      if (service !~ /^[a-z0-9]+(([.]|__?|-+)[a-z0-9]+)*$/) { gsub(/[^a-z0-9]+/, "-", service); gsub(/^-|-$/, "", service) }
      return service
    }
    function content(name, service) { return prefix part(service) ":" substr(id[name], index(id[name], ":") + 1, 12) }
    function digest(name,   i) { for (i = 1; i <= count[name]; i++) if (repository(digests[name, i]) == repository(name)) return substr(digests[name, i], index(digests[name, i], "@")); return "" }
    FILENAME == ARGV[1] { id[$1] = $2; for (i = 3; i <= NF; i++) { has[$2, $i] = 1; if ($i ~ /@/) digests[$1, ++count[$1]] = $i } next }
    FILENAME == ARGV[3] {
      if ($2 ~ /@/) next
      if (digest($2) != "") { print $1, $2 digest($2), id[$2], "there"; next }
      # It was never in a registry.
      $3 = $1
    }
    { pinned = content($2, $3); print $1, pinned, id[$2], ((id[$2], pinned) in has || $1 != $3) ? "there" : "new" }
  ' "$work/named" "$work/built" "$work/pulled" >"$work/pins"
  pinned=$release
  echo 'services:' >"$work/images"
  while read -r service name_ id_ state; do
    [ "$state" = there ] || timeout 120 docker tag "$id_" "$name_" || { cause=image-missing reason="cannot tag $name_"; return 1; }
    printf '  "%s":\n    image: "%s"\n    pull_policy: missing\n' "$service" "$name_" >>"$work/images"
  done <"$work/pins"
  [ -s "$work/pins" ] || return 0
  note_builds
  cp "$work/images" "$release/images.yml"
  overlays
}
