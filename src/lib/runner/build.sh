# shellcheck shell=sh
# Building beside a running app. BuildKit works inside Docker's daemon, where nothing a client does to itself reaches it;
# what can be changed on every installation is how much the app's containers weigh against it.

# On a machine that has nothing left for anybody, each start of Docker's client takes seconds, and that is when it is wanted most: what is
# asked through the socket takes a tenth.

# weights ID...: of each its id and its CPU weight, a line each.
weights() {
  if ! engine_near; then timeout 60 docker inspect --format '{{.Id}} {{.HostConfig.CpuShares}}' "$@"; return; fi
  for each; do echo "GET /containers/$each/json"; done | engine_calls 60 | awk '
    match($0, /^[{]"Id":"[0-9a-f]+/) { id = substr($0, 8, RLENGTH - 7) }
    match($0, /"CpuShares":[0-9]+/) { print id, substr($0, RSTART + 12, RLENGTH - 12) }'
}

# weigh WEIGHT: those of $work/favoured.
weigh() {
  [ -s "$work/favoured" ] || return 0
  while read -r each; do set -- "$@" "$each"; done <"$work/favoured"
  weight=$1
  shift
  if engine_near; then for each; do echo "POST /containers/$each/update {\"CpuShares\":$weight}"; done | engine_calls 60 >/dev/null 2>&1
  else timeout 60 docker update --cpu-shares "$weight" "$@" >/dev/null 2>&1
  fi
}

# The running containers of the app whose CPU weight is Docker's default, or what an earlier run left behind.
favour_app() {
  : >"$work/favoured"
  [ "$app_weight" != 0 ] || return 0
  project_containers running && [ -n "$ids" ] || return 0
  # shellcheck disable=SC2086 # ids, a word each
  weights $ids | while read -r each weight; do
    case $weight in 0|1024|"$app_weight") printf '%s\n' "$each" ;; esac
  done >"$work/favoured"
  weigh "$app_weight"
}

unfavour_app() {
  weigh 1024
  return 0
}

# A build of cached layers is over before it could take anything from the app.
favour_later() {
  sleep 3
  : >"$work/favouring"
  favour_app
}

# An image that several services build under one name would be whichever came last, another at each build of the same
# commit: the first of them builds it for all. Leaves who builds in $release/builders, or nothing where no name is shared. Besides, in
# $work/built, for each service whose image is built here, by itself or by another service that gives it the same name: "service image
# builder"; for the others, in $work/pulled: "service image pull_policy".
find_builders() {
  : >"$work/built"
  : >"$work/pulled"
  builders=$(awk -v project="$project" -v built="$work/built" -v pulled="$work/pulled" "$scan_images"'
    depth == 3 && key == "pull_policy" { policy[service] = value(line) }
    END {
      find_builders()
      for (i = 1; i <= n; i++) {
        name = names[i]
        if (image[name] in builder) print name, image[name], builder[image[name]] >built
        else print name, image[name], ((name in policy) ? policy[name] : "missing") >pulled
        if (!(name in builds)) continue
        if (builder[image[name]] == name) list = list name "\n"
        else shared = 1
      }
      if (shared) printf "%s", list
    }' "$work/config")
  if [ -n "$builders" ]; then printf '%s\n' "$builders" >"$release/builders"; else drop "$release/builders"; fi
}

# Whether it is worth reading the Compose files before the build: what the release before was like, this one mostly is.
may_share_builds() { [ -z "$previous" ] || [ -s "$base/releases/$previous/builders" ]; }

# What is built beside it, or looks it up, finds an image that is kept by its own name, as if it had just been built.
name_kept() {
  while read -r image_ id_ _ tags_; do
    case " $tags_ " in *" $image_ "*|*" $image_:latest "*) ;; *) timeout 60 docker tag "$id_" "$image_" </dev/null || return 1 ;; esac
  done <"$work/kept-images"
}

# Sets $to_build, who builds, nothing for all; fails when there is nothing to build.
who_builds() {
  to_build=
  if [ ! -s "$work/kept-images" ] || ! name_kept; then
    : >"$work/kept-images"
    [ ! -s "$release/builders" ] || while read -r each; do to_build="$to_build $each"; done <"$release/builders"
    return 0
  fi
  [ -e "$work/built" ] || find_builders
  kept_=' ' not_built=
  while read -r image_ _; do kept_="$kept_$image_ "; done <"$work/kept-images"
  while read -r service_ image_ builder_; do
    case $kept_ in *" $image_ "*) not_built="$not_built${not_built:+, }$service_"; continue ;; esac
    case "$to_build " in *" $builder_ "*) ;; *) to_build="$to_build $builder_" ;; esac
  done <"$work/built"
  note "done" "not built again, as nothing of it has changed: $not_built"
  [ -n "$to_build" ]
}

build_images() {
  who_builds || return 0
  favour_later 9>&- &
  favouring=$!
  ( [ -z "$parallel" ] || export COMPOSE_PARALLEL_LIMIT="$parallel"
    # shellcheck disable=SC2086 # names, each free of blanks
    logged compose build $to_build )
  built=$?
  [ -e "$work/favouring" ] || kill $favouring 2>/dev/null
  wait $favouring 2>/dev/null
  unfavour_app
  return $built
}

# The first deploy of a name that Compose knows already.
say_adopted() {
  [ -z "$previous" ] || return 0
  found=$(timeout 60 docker ps -aq --filter "label=com.docker.compose.project=$project" | wc -l)
  [ "$found" = 0 ] || logged echo "a stack named $project is there already ($found containers): it is taken over with its volumes; there is no earlier release to go back to"
}
