# shellcheck shell=sh
# Removes the app, under its lock, so that it never runs into a deploy. Without $data_too the data stays with its dumps, and `shared`: a
# database is lost when its password is. A release's folder that a volume points into stays as well.

# include ../app-folder/lock.sh
# include ../app-folder/engine-socket.sh
# include ../runner/in-use.sh
# The images of the app, by the names that are its own: what zebu pinned for it and no other app here needs, and what its builds
# are called. The same image under other names is somebody else's.
own_images() {
  for each in "$base"/../*/; do
    [ "$(basename "$each")" = "$project" ] || cat "$each"releases/*/images.yml 2>/dev/null
  done | sed -n 's/^ *image: "\(.*\)"$/\1/p' | sort -u >"$work/others"
  {
    docker image ls --format '{{.Repository}}:{{.Tag}}' --filter "reference=zebu/$project-*"
    docker image ls --format '{{.Repository}}:{{.Tag}}' --filter "$own" | {
      {
        cat "$base"/releases/*/image-names 2>/dev/null
        cat "$base"/releases/*/images.yml 2>/dev/null | sed -n 's|^ *image: "zebu/\(.*\):[0-9a-f]*"$|\1|p'
      } | awk '{ print (/:[^\/]*$/) ? $0 : $0 ":latest" }' >"$work/named"
      awk 'FILENAME == ARGV[1] { named[$1] = 1; next } $1 in named' "$work/named" -
    }
  } | grep -v '<none>' | sort -u | comm -23 - "$work/others"
}

# Before anything else goes, so that nothing starts it again.
units_away() {
  for each in /etc/systemd/system/zebu-*@"$project".*; do
    [ -e "$each" ] || [ -L "$each" ] || continue
    if [ "$(id -u)" = 0 ]; then printf '%s' "$remove_units" | sh -s; else printf '%s' "$remove_units" | sudo -n sh -s; fi
    return
  done
}

# include ../app-folder/gone.sh

cd "$base" 2>/dev/null || exit "$MISSING"
take_lock 0
sign_lock "$holder"
units_away 1>&2 || { echo 'its units in /etc/systemd/system cannot be removed without sudo' >&2; exit 1; }
own=label=com.docker.compose.project=$project
docker volume ls -q --filter "$own" | sed 's/^/volume=/'
ids=$(docker ps -aq --filter "$own" --filter label=com.docker.compose.oneoff=True) || exit 1
# shellcheck disable=SC2086 # ids, a word each
[ -z "$ids" ] || docker rm -f $ids >/dev/null 2>&1
set -- --remove-orphans
[ "$data_too" = 0 ] || set -- "$@" --volumes
docker compose --progress plain -p "$project" down "$@" 9>&- 1>&2 || exit 1

work=$(mktemp -d) || exit 1
own_images >"$work/images"
if [ "$data_too" = 1 ]; then : >"$work/in-use"
else used_releases "$work" >"$work/in-use" || { rm -rf "$work"; echo 'Docker does not say what is in use' >&2; exit 1; }
fi
while read -r image; do docker image rm "$image" </dev/null >/dev/null 2>&1; done <"$work/images"
docker image prune -f --filter "$own" >/dev/null 2>&1
if [ "$data_too" = 1 ]; then cd / && gone "$base"
else
  for each in * .incoming .run.* releases/*; do
    case $each in
      shared|lock|releases|data|proofs.jsonl) continue ;;
      releases/*) ! grep -qxF "$(basename "$each")" "$work/in-use" || continue ;;
    esac
    # shellcheck disable=SC2015 # it is for either of them
    [ ! -e "$each" ] && [ ! -L "$each" ] || gone "$each"
  done
  rmdir releases 2>/dev/null
fi
rm -rf "$work"
