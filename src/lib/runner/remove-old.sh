# shellcheck shell=sh
# Removes old releases with their images, and build cache: after a deploy, and for app:prune.

# Kept are the live release and the verified ones that were live before it: what a rollback needs. Of those that failed, the
# newest.
old_releases() {
  live_release
  live=$live_now
  release_names "$base" >"$work/release-names"
  in_order "$base" turns <"$work/release-names" >"$work/in-order"
  good_=0 failed_=0
  # The newest first.
  set --
  while IFS= read -r each; do set -- "$each" "$@"; done <"$work/in-order"
  for each; do
    if [ "$each" = "$live" ] || [ "$each" = "$id" ]; then continue; fi
    if [ -f "$base/releases/$each/verified" ]; then
      good_=$((good_ + 1))
      [ $good_ -lt "$keep" ] || printf '%s\n' "$each"
    else
      failed_=$((failed_ + 1))
      [ $failed_ -lt 2 ] || printf '%s\n' "$each"
    fi
  done
}

# Of the images on standard input those that no release of any app here names: NAME:TAG as it stands, NAME@DIGEST whatever its name.
unneeded() {
  awk '
    function content(image) { sub(/.*@/, "", image); return image }
    BEGIN {
      for (i = 1; i < ARGC; i++)
        while ((getline line < ARGV[i]) > 0) if (sub(/^ *image: "/, "", line) && sub(/"$/, "", line)) needed[content(line)] = 1
      # Standard input is what is left to read.
      ARGC = 1
    }
    !(content($0) in needed) && !said[$0]++' "$base"/../*/releases/*/images.yml
}

# Removes the images that standard input names, and what builds of the app have left without a name. Docker itself keeps what a container
# uses.
remove_images() {
  if engine_near; then
    project_filter '%22dangling%22%3A%5B%22true%22%5D%2C' ''
    removals="POST /images/prune?$api_query"
    while IFS= read -r image; do
      removals="$removals
DELETE /images/$image"
    done
    engine_calls 300 >/dev/null 2>&1 9>&- <<CALLS
$removals
CALLS
    return
  fi
  timeout 300 docker image prune -f --filter "label=com.docker.compose.project=$project" >/dev/null 2>&1 9>&- &
  dangling=$!
  set --
  while IFS= read -r image; do set -- "$@" "$image"; done
  [ $# = 0 ] || timeout 300 docker image rm "$@" >/dev/null 2>&1
  wait $dangling
}

# Images nothing kept refers to, whoever left them.
prune_images() { timeout 120 docker image ls --format '{{.Repository}}:{{.Tag}}' --filter "reference=zebu/$project-*" | unneeded | remove_images; }

# The same of the releases that have just been removed, whose images are in $work/gone-pins, without asking Docker what it has. What they
# name by digest was pulled for them: it goes when it has no tag.
gone_images() {
  unneeded <"$work/gone-pins" >"$work/unneeded"
  by_digest=
  while IFS= read -r image; do
    case $image in *@*) by_digest=1 ;; *) printf '%s\n' "$image" ;; esac
  done <"$work/unneeded"
  [ -z "$by_digest" ] || timeout 120 docker image ls --digests --format '{{.Repository}}@{{.Digest}} {{.Tag}}' | awk '
    { name = $1; sub(/.*@/, "", name) }
    FILENAME == ARGV[1] { gone[name] = 1; next }
    $2 == "<none>" && (name in gone) { print $1 }' "$work/unneeded" -
}
# Of what is live already nothing was built, and it may have all that they had.
prune_gone_images() { { [ -n "$taken" ] && gone_are_live; } || gone_images | remove_images; }
gone_are_live() {
  pinned_=' '
  while read -r _ name_ _; do pinned_="$pinned_$name_ "; done <"$work/pins"
  while read -r name_; do
    case $pinned_ in *" $name_ "*) ;; *) return 1 ;; esac
  done <"$work/gone-pins"
}

# Least recently used first, down to the limit.
prune_build_cache() {
  timeout 600 docker builder prune -f --keep-storage "$1" >/dev/null 2>&1
  clock
  echo "$clock" >"$base/.build-cache"
}

# Once a day. A time from the future, before the clock was set back, says nothing.
build_cache_is_due() {
  pruned=0
  [ ! -s "$base/.build-cache" ] || read -r pruned <"$base/.build-cache"
  case $pruned in '' | *[!0-9]*) return 0 ;; esac
  clock
  [ $((clock - pruned)) -lt 0 ] || [ $((clock - pruned)) -ge 86400 ]
}

# What of it may go, in $work/old: nothing that is pointed into. Sets $going and $staying, how many there are of either. Fails
# when Docker does not say what that is.
unused_releases() {
  going=0 staying=0
  old_releases >"$work/candidates"
  : >"$work/old"
  [ -s "$work/candidates" ] || return 0
  # They were listed a moment ago for what is noted of the release that is live now.
  [ -z "$noting" ] || { wait "$noting"; noting=; }
  pointed_into=$(used_releases "$work") || return 1
  # shellcheck disable=SC2086 # ids, a word each
  set -- $pointed_into
  while IFS= read -r each; do
    case " $* " in
      *" $each "*) staying=$((staying + 1)) ;;
      *) going=$((going + 1)); printf '%s\n' "$each" >>"$work/old" ;;
    esac
  done <"$work/candidates"
}

# Of a large repository the next release is made of one that goes, by writing what differs. Its folder is renamed first, so that it is
# either there as a whole or no release any more.
keep_spare() {
  [ ! -e "$base/spare" ] && [ -d "$base/releases/$1/tree" ] || return 1
  mv -T "$base/releases/$1" "$base/spare" || return 1
  for each in "$base/spare"/* "$base/spare"/.[!.]*; do
    case ${each##*/} in tree|index|mark|written) ;; *) gone "$each" ;; esac
  done
}

# What else is large takes minutes on a busy machine, and nobody is to wait for it, nor to be refused meanwhile: it is no release any more,
# and removed when the run is over (start.sh), or by the next one.
leave_release() { mv -T "$base/releases/$1" "$base/.gone.$1" 2>/dev/null; }

is_large_release() { [ -f "$base/releases/$1/written" ]; }

# The releases of $work/old, with what is named by them alone. Their images go beside what follows, which is waited for.
remove_releases() {
  : >"$work/gone-pins"
  while IFS= read -r old; do
    [ ! -f "$base/releases/$old/images.yml" ] || while read -r member image; do
      [ "$member" != image: ] || { image=${image#\"}; printf '%s\n' "${image%\"}" >>"$work/gone-pins"; }
    done <"$base/releases/$old/images.yml"
    git --git-dir="$base/repo.git" update-ref -d "refs/zebu/$old" 2>/dev/null
    if [ -n "$keeps_spare" ] && is_large_release "$old" && { keep_spare "$old" || leave_release "$old"; }; then continue; fi
    gone "$base/releases/$old"
  done <"$work/old"
  prune_gone_images 9>&- &
  removing=$!
  prune_files
  prune_certificates
  # Each commit that is sent is a pack, and git itself puts them together from fifty on.
  set -- "$base"/repo.git/objects/pack/*.pack
  [ $# -le 50 ] || git --git-dir="$base/repo.git" gc --auto --quiet 2>/dev/null 9>&-
}

prune_journals() {
  set -- "$base"/journals/*.jsonl
  [ $# -gt 200 ] || return 0
  journals_in_order "$base" | head -n -200 | while IFS= read -r old; do rm -f "$base/journals/$old.jsonl"; done
}

prune() {
  begin prune ''
  if ! unused_releases; then
    note "done" 'Docker does not say what is in use: nothing was removed'
    return 1
  fi
  # A start of the Docker client costs more than all the rest: only when there is something to remove.
  [ $going = 0 ] || remove_releases
  prune_journals
  ! build_cache_is_due || prune_build_cache "$build_cache"
  [ -z "$removing" ] || { wait "$removing"; removing=; }
  [ $staying = 0 ] && kept= || kept=", $staying kept: containers or volumes use them"
  note "done" "$going old releases removed$kept"
}

# app:prune: the same at once, with limits of its own; says on standard output what it did.
prune_now() {
  [ -n "$keep_now" ] && keep=$keep_now
  [ -n "$cache_now" ] && build_cache=$cache_now
  before=$(free_mb /var/lib/docker) keeps_spare=
  gone "$base/spare" "$base"/.gone.*
  prune || { echo 'Docker does not say what is in use' >&2; exit 1; }
  prune_images
  prune_build_cache "$build_cache"
  after=$(free_mb /var/lib/docker)
  sed 's/^/removed=/' "$work/old"
  echo "freed_mb=$(( after > before ? after - before : 0 ))"
  echo "free_mb=$after"
  exit 0
}
