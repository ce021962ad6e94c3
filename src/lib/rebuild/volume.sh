# shellcheck shell=sh
# Makes a volume of Docker with the options "$@", unless it is there, and says where it is.

docker volume inspect "$name" >/dev/null 2>&1 || docker volume create "$@" "$name" >/dev/null || exit
docker volume inspect --format '{{.Mountpoint}}' "$name"
