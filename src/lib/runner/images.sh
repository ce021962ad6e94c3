# shellcheck shell=sh
# Names that do not move for what a release runs: built images by their content, pulled ones by their digest. An unchanged
# service keeps its container, and going back brings the image back that was there.

# Everything of $work/names at once, in the order it was asked in: id and other names, or the JSON of each. Fails when one is not there.
inspect_images() {
  set --
  if engine_near && are_names "$work/names"; then
    while read -r name; do set -- "$@" "GET /images/$name/json"; done <"$work/names"
    engine_api 120 "$@" >"$work/ids" 2>/dev/null && return
    # The client has words for what is wrong.
    set --
  fi
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
  if engine_near; then engine_api 120 "POST /images/$1/tag?repo=${2%:*}&tag=${2##*:}" >/dev/null 2>&1
  else timeout 120 docker tag "$1" "$2" </dev/null
  fi
}

# Writes what is to be asked for to $work/names, and to the release the names of what is built: who removes the app asks by them, it may
# have others than the app's.
name_images() {
  # Of what was not built again all is known.
  known_=' ' own_=' '
  while read -r image_ _; do known_="$known_$image_ "; done <"$work/kept-images"
  while read -r _ image_ _; do
    case $own_ in *" $image_ "*) ;; *) own_="$own_$image_ "; printf '%s\n' "$image_" ;; esac
    case $known_ in *" $image_ "*) ;; *) known_="$known_$image_ "; printf '%s\n' "$image_" >&3 ;; esac
  done <"$work/built" >"$release/image-names" 3>"$work/names"
  while read -r _ image_ _; do
    case $known_ in *" $image_ "*) ;; *) known_="$known_$image_ "; printf '%s\n' "$image_" ;; esac
  done <"$work/pulled" >>"$work/names"
}

# Leaves in the release's images.yml what each service runs, and for the releases to come in its `builds` what has been built of what.
pin_images() {
  [ -e "$work/built" ] || find_builders
  [ -e "$work/keys" ] || : >"$work/keys"
  : >>"$work/kept-images"
  : >"$work/ids"
  name_images
  cause='' reason=''
  if [ ! -s "$work/names" ]; then :
  elif [ -s "$work/pulled" ]; then pull_images; else inspect_images; fi ||
    { [ -n "$reason" ] || blame image-missing 'an image is not there: ' "$(tail -n 1 "$work/error")"; return 1; }
  clock
  # For nobody else: of what is built there are digests in it.
  if [ -s "$work/keys" ]; then
    umask 077
    printf '' >"$release/builds"
    umask 022
  fi
  awk -v prefix="zebu/$project-" -v builds="$release/builds" -v now="$clock" -v named="$work/named" '
# include ./image.awk
    # The words from there on are its id and other names.
    function is(image, from,   i) {
      id[image] = $from
      for (i = from + 1; i <= NF; i++) {
        has[$from, $i] = 1
        if ($i ~ /@/) digests[image, ++count[image]] = $i
      }
    }
    # As Docker itself writes the repository of an image.
    function repository(name) { sub(/@.*/, "", name); sub(/:[^:\/]*$/, "", name); sub(/^docker[.]io\//, "", name); sub(/^library\//, "", name); return name }
    # Of a service there may be capitals in the name, and signs beside each other.
    function part(service) {
      service = tolower(service)
      if (service !~ /^[a-z0-9]+(([.]|__?|-+)[a-z0-9]+)*$/) { gsub(/[^a-z0-9]+/, "-", service); gsub(/^-|-$/, "", service) }
      return service
    }
    # For who wants to know whether it stands for the same later on (unchanged.sh).
    function note_name(image, id) { if (!told[image]++) print image, id >>named }
    function content(name, service) { return prefix part(service) ":" substr(id[name], index(id[name], ":") + 1, 12) }
    function digest(name,   i) { for (i = 1; i <= count[name]; i++) if (repository(digests[name, i]) == repository(name)) return substr(digests[name, i], index(digests[name, i], "@")); return "" }
    FILENAME == ARGV[1] { asked[FNR] = $1; next }
    FILENAME == ARGV[2] && /^[{]/ { $0 = image_id($0) image_names($0, "RepoTags") image_names($0, "RepoDigests") }
    FILENAME == ARGV[2] { is(asked[FNR], 1); next }
    # In the place of when it was built.
    FILENAME == ARGV[3] { since[$1] = $3; $3 = $2; is($1, 3); next }
    FILENAME == ARGV[4] {
      if ($2 in id) print $1, id[$2], (($2 in since) ? since[$2] : now) substr($0, length($1 " " $2) + 1) >builds
      next
    }
    { note_name($2, id[$2]) }
    FILENAME == ARGV[6] {
      if ($2 ~ /@/) next
      if (digest($2) != "") { note_name($2 digest($2), id[$2]); print $1, $2 digest($2), id[$2], "there"; next }
      # It was never in a registry.
      $3 = $1
    }
    { pinned = content($2, $3); note_name(pinned, id[$2]); print $1, pinned, id[$2], ((id[$2], pinned) in has || $1 != $3) ? "there" : "new" }
  ' "$work/names" "$work/ids" "$work/kept-images" "$work/keys" "$work/built" "$work/pulled" >"$work/pins"
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
  printf '%s\n' "$pins" >"$release/images.yml"
  overlays
}
