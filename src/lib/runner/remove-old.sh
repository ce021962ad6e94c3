# shellcheck shell=sh
# Removes old releases with their images, and build cache: after a deploy, and for app:prune.

# Kept are the live release and the verified ones that were live before it: what a rollback needs. Of those that failed, the
# newest.
old_releases() {
  live=$(live_release)
  release_names "$base" | in_turn "$base" | tac | while read -r each; do
    [ -f "$base/releases/$each/verified" ] && echo "1 $each" || echo "0 $each"
  done | awk -v keep="$keep" -v live="$live" -v own="$id" '
    $2 == live || $2 == own { next }
    $1 == 1 { if (++good >= keep) print $2; next }
    ++failed > 1 { print $2 }'
}

# The images that overlays on standard input name.
pinned() { sed -n 's/^ *image: "\(.*\)"$/\1/p' | sort -u; }

needed_images() { cat "$base"/../*/releases/*/images.yml 2>/dev/null | pinned >"$work/needed"; }

# Images nothing kept refers to, whoever left them.
prune_images() {
  needed_images
  timeout 120 docker image ls --format '{{.Repository}}:{{.Tag}}' --filter "reference=zebu/$project-*" | sort -u | comm -23 - "$work/needed" >"$work/unused"
  remove_unused
}

# The same of the releases that have just been removed, without asking Docker what it has.
prune_gone_images() {
  needed_images
  grep -v @ "$work/gone-pins" | sort -u | comm -23 - "$work/needed" >"$work/unused"
  remove_unused
}

# Removes $work/unused. What $work/gone-pins names by digest was pulled for releases that are gone: it goes when no tag
# and no release of any app here names it, and Docker itself keeps what a container uses.
remove_unused() {
  if grep -qs @ "$work/gone-pins"; then
    timeout 120 docker image ls --digests --format '{{.Repository}}@{{.Digest}} {{.Tag}}' | awk '
      { name = $0; sub(/.*@/, "", name); sub(/ .*/, "", name) }
      FILENAME == ARGV[1] { needed[name] = 1; next }
      FILENAME == ARGV[2] { gone[name] = 1; next }
      $2 == "<none>" && (name in gone) && !(name in needed) { print $1 }' "$work/needed" "$work/gone-pins" - >>"$work/unused"
  fi
  timeout 300 docker image prune -f --filter "label=com.docker.compose.project=$project" >/dev/null 2>&1 9>&- &
  dangling=$!
  # shellcheck disable=SC2046 # names, each free of blanks
  [ -s "$work/unused" ] && timeout 300 docker image rm $(cat "$work/unused") >/dev/null 2>&1
  wait $dangling
}

# Least recently used first, down to the limit.
prune_build_cache() {
  timeout 600 docker builder prune -f --keep-storage "$1" >/dev/null 2>&1
  touch "$base/.build-cache"
}

# What of it may go: nothing that is pointed into. Fails when Docker does not say what that is.
unused_releases() {
  old_releases >"$work/candidates"
  : >"$work/old"
  [ -s "$work/candidates" ] || return 0
  used_releases "$work" >"$work/in-use" || return 1
  awk 'FILENAME == ARGV[1] { used[$1] = 1; next } !($1 in used)' "$work/in-use" "$work/candidates" >"$work/old"
}

# Of a large repository the next release is made of one that goes, by writing what differs. Its folder is renamed first, so that it is
# either there as a whole or no release any more.
keep_spare() {
  [ -n "$keeps_spare" ] && [ ! -e "$base/spare" ] && [ -f "$base/releases/$1/index" ] && [ -d "$base/releases/$1/tree" ] || return 1
  # Some 2,000 files: fewer are written as fast.
  [ "$(wc -c <"$base/releases/$1/index")" -gt 200000 ] || return 1
  mv -T "$base/releases/$1" "$base/spare" || return 1
  for each in "$base/spare"/* "$base/spare"/.[!.]*; do
    case ${each##*/} in tree|index) ;; *) gone "$each" ;; esac
  done
}

prune() {
  begin prune ''
  if ! unused_releases; then
    note "done" 'Docker does not say what is in use: nothing was removed'
    return 1
  fi
  : >"$work/gone-pins"
  while read -r old; do
    [ ! -f "$base/releases/$old/images.yml" ] || pinned <"$base/releases/$old/images.yml" >>"$work/gone-pins"
    git --git-dir="$base/repo.git" update-ref -d "refs/zebu/$old" 2>/dev/null
    keep_spare "$old" || gone "$base/releases/$old"
  done <"$work/old"
  journals_in_order "$base" | head -n -200 | while read -r old; do rm -f "$base/journals/$old.jsonl"; done
  # A start of the Docker client costs more than all of the above: only when there is something to remove.
  if [ -s "$work/old" ]; then
    prune_files
    prune_certificates
    prune_gone_images 9>&- &
    removing=$!
    git --git-dir="$base/repo.git" gc --auto --quiet 2>/dev/null 9>&-
    wait $removing
  fi
  # One from the future, before the clock was set back, says nothing.
  [ -n "$(find "$base/.build-cache" -mtime -1 ! -newer "$journal" 2>/dev/null)" ] || prune_build_cache "$build_cache"
  kept=$(( $(wc -l <"$work/candidates") - $(wc -l <"$work/old") ))
  [ $kept = 0 ] && kept= || kept=", $kept kept: containers or volumes use them"
  note "done" "$(wc -l <"$work/old") old releases removed$kept"
}

# app:prune: the same at once, with limits of its own; says on standard output what it did.
prune_now() {
  [ -n "$keep_now" ] && keep=$keep_now
  [ -n "$cache_now" ] && build_cache=$cache_now
  before=$(free_mb /var/lib/docker) keeps_spare=
  gone "$base/spare"
  prune || { echo 'Docker does not say what is in use' >&2; exit 1; }
  prune_images
  prune_build_cache "$build_cache"
  after=$(free_mb /var/lib/docker)
  sed 's/^/removed=/' "$work/old"
  echo "freed_mb=$(( after > before ? after - before : 0 ))"
  echo "free_mb=$after"
  exit 0
}
