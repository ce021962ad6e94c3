/**
 * Services that say `env_file: .env` find the secrets of the release there, as they find `.env` on their author's machine.
 * A link into shared/secrets, so that no value is in the release, and always the same one, so that a build which copies
 * everything stays cached.
 */
export const ENV_FILE = String.raw`
link_env_file() {
  [ -n "$secrets" ] && [ ! -e "$directory/.env" ] && [ ! -L "$directory/.env" ] || return 0
  ( cd "$tree" && grep -qsE '^[^#]*env_file' *.yml *.yaml "$directory"/*.yml "$directory"/*.yaml $(echo "$files" | tr ' ' '\n' | grep 'ya*ml$') ) || return 0
  ln -s "$base/shared/secrets/env_file" "$directory/.env"
  [ -e "$base/shared/secrets/env_file" ] || write_env_file
}

# What Compose is told besides, the last one first: name by name.
values_in_force() {
  for each in $environment; do
    case $each in --env-file|"$directory/.env") ;; *) cat "$each" ;; esac
  done | awk -F= '{ if (!($1 in line)) order[++n] = $1; line[$1] = $0 } END { for (i = 1; i <= n; i++) print line[order[i]] }'
}

# Of the release that is brought up next.
write_env_file() {
  [ -L "$directory/.env" ] || return 0
  ( umask 077; values_in_force >"$base/shared/secrets/env_file.new" ) && mv "$base/shared/secrets/env_file.new" "$base/shared/secrets/env_file"
}
`;
