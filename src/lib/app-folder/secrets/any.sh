# shellcheck shell=sh
# any_secrets FOLDER: whether there are values in it that must not be seen: of a version, of one that is being made, or of a registry.

any_secrets() {
  for each in "$1"/*.env*; do [ ! -e "$each" ] || return 0; done
  return 1
}
