# shellcheck shell=sh
# Writes to standard output what the machine has of the app outside of its folder, as root: units of systemd, what ends a deploy that a
# power cut left open, and the deploy user's own logins at registries and SSH servers. The keys that let people in are the new machine's own.

cd / || exit 2
home=$(getent passwd "$user" | cut -d: -f6)
set --
for each in etc/systemd/system/zebu-*@"$app".* etc/systemd/system/zebu-recover.service etc/systemd/system/multi-user.target.wants/zebu-recover.service opt/zebu/recover "${home#/}/.docker/config.json" "${home#/}/.ssh"; do
  [ ! -e "$each" ] || set -- "$@" "$each"
done
for each; do
  if [ -d "$each" ]; then find "$each" ! -name authorized_keys ! -type d; else printf '%s\n' "$each"; fi
done | exec tar --create --file=- --format=posix --numeric-owner --no-recursion --verbatim-files-from --files-from=-
