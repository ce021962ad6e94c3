# shellcheck shell=sh
# Names that do not move for what a release runs: built images by their content, pulled ones by their digest. An unchanged
# service keeps its container, and going back brings the image back that was there.

# Everything of $work/names at once, in the order it was asked in: id and other names. Fails when one is not there.
inspect_images() {
  set --
  while read -r name; do set -- "$@" "$name"; done <"$work/names"
  timeout 120 docker image inspect --format '{{.Id}}{{range .RepoTags}} {{.}}{{end}}{{range .RepoDigests}} {{.}}{{end}}' "$@" >"$work/ids" 2>"$work/error"
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

# A name for an image, NAME:TAG: tag_image ID NAME
tag_image() {
  if engine_near; then engine_api 120 "/images/$1/tag?repo=${2%:*}&tag=${2##*:}" -f -X POST >/dev/null 2>&1
  else timeout 120 docker tag "$1" "$2" </dev/null
  fi
}

pin_images() {
  [ -e "$work/built" ] || find_builders
  : >>"$work/kept-images"
  : >"$work/names"
  : >"$work/ids"
  : >"$release/image-names"
  # Of what was not built again all is known. Who removes the app asks by the names of what is built: it may have others than the app's.
  awk -v names="$work/names" -v own_names="$release/image-names" '
    FILENAME == ARGV[1] { kept[$1] = 1; next }
    FILENAME == ARGV[2] && !own[$2]++ { print $2 >own_names }
    !($2 in kept) && !asked[$2]++ { print $2 >names }' "$work/kept-images" "$work/built" "$work/pulled"
  cause='' reason=''
  if [ ! -s "$work/names" ]; then :
  elif [ -s "$work/pulled" ]; then pull_images; else inspect_images; fi ||
    { [ -n "$reason" ] || blame image-missing 'an image is not there: ' "$(tail -n 1 "$work/error")"; return 1; }
  # Leaves in $work/named what each image is: its name here, its id, and its other names.
  awk -v prefix="zebu/$project-" -v named="$work/named" '
    # The words from there on are its id and other names.
    function is(image, from,   i, all) {
      id[image] = $from
      for (i = from; i <= NF; i++) {
        all = all " " $i
        if (i > from) has[$from, $i] = 1
        if (i > from && $i ~ /@/) digests[image, ++count[image]] = $i
      }
      print image all >named
    }
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
    FILENAME == ARGV[1] { asked[FNR] = $1; next }
    FILENAME == ARGV[2] { is(asked[FNR], 1); next }
    # In the place of when it was built.
    FILENAME == ARGV[3] { $3 = $2; is($1, 3); next }
    FILENAME == ARGV[5] {
      if ($2 ~ /@/) next
      if (digest($2) != "") { print $1, $2 digest($2), id[$2], "there"; next }
      # It was never in a registry.
      $3 = $1
    }
    { pinned = content($2, $3); print $1, pinned, id[$2], ((id[$2], pinned) in has || $1 != $3) ? "there" : "new" }
  ' "$work/names" "$work/ids" "$work/kept-images" "$work/built" "$work/pulled" >"$work/pins"
  pinned=$release
  pins=services:
  while read -r service name_ id_ state; do
    [ "$state" = there ] || tag_image "$id_" "$name_" || { cause=image-missing reason="cannot tag $name_"; return 1; }
    pins="$pins
  \"$service\":
    image: \"$name_\"
    pull_policy: missing"
  done <"$work/pins"
  [ -s "$work/pins" ] || return 0
  note_builds
  printf '%s\n' "$pins" >"$release/images.yml"
  overlays
}
