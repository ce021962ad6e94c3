# shellcheck shell=sh
# Services that say `env_file: .env`, or mount the file, find the settings and secrets of the release there, as they find `.env` on their author's machine.
# A link into shared/secrets, so that no value is in the release, and always the same one, so that a build which copies
# everything stays cached.

wants_env_file() {
  env_file_can_be "$directory" || return 1
  here='[.]/?'
  [ "$directory" != "$tree" ] || here="$here|$from_outside"
  compose_says "^[^#]*(env_file|(^|[^A-Za-z0-9_.-])[.]env([^A-Za-z0-9_.-]|\$)|$(mounts_as "$here"))"
}

# Of who mounts a folder as a whole, which has the file on its author's machine: mounts_as WHICH, of patterns.
mounts_as() { printf '%s\n' "(^|[^A-Za-z0-9_./\$}-])($1):/|(source|device)[\"']?:[[:space:]]*[\"']?($1)[\"']?[[:space:]]*([],}#]|\$)"; }
from_outside='[$][{]?PWD[}]?/?'

# The same for the folder of zebu.yml, where the Compose files lie below it: `env_file: ../.env`.
wants_outer_env_file() {
  [ "$directory" != "$tree" ] && env_file_can_be "$tree" && compose_says "^[^#]*(([.][.]|PWD[}]?)/[.]env([^A-Za-z0-9_.-]|\$)|$(mounts_as "[.][.]/?|$from_outside"))"
}

# Whether there is none of the commit in a folder, and something to be in it. A link to what the commit does not have is as good as none.
env_file_can_be() {
  [ ! -e "$1/.env" ] && ! linked_env_file "$1/.env" || return 1
  [ -n "$secrets" ] || [ "$settings_from" = here ] || [ -s "$release/settings.env" ]
}

link_env_file() {
  # Asked before either is there.
  linked=
  ! wants_env_file || linked=$directory
  ! wants_outer_env_file || linked="$linked $tree"
  [ -n "$linked" ] || return 0
  for each in $linked; do ln -sfn "$base/shared/secrets/env_file" "$each/.env"; done
  [ -e "$base/shared/secrets/env_file" ] || write_env_file
}

# What Compose is told besides, the last one first: name by name.
values_in_force() {
  for each in $environment; do
    # What names the release is another one each time: whoever wants it says so.
    case $each in --env-file|"$directory/.env"|"$tree/.env"|"$release/release.env") ;; *) cat "$each" ;; esac
  done | awk -F= '{ if (!($1 in line)) order[++n] = $1; line[$1] = $0 } END { for (i = 1; i <= n; i++) print line[order[i]] }'
}

# Says which settings are other ones than those of the live release, by name, once.
say_settings() {
  live=$base/current/settings.env
  [ -f "$live" ] || live=/dev/null
  [ -f "$release/settings.env" ] || return 0
  [ -s "$live" ] || [ -s "$release/settings.env" ] || return 0
  awk -F= -v from="$settings_from" '
    function list(text, word) { if (text != "") said = said "; " word " " substr(text, 3) }
    FILENAME == ARGV[1] { old[$1] = $0; names[++n] = $1; next }
    { new[$1] = 1; all = all ", " $1; if (!($1 in old)) added = added ", " $1; else if (old[$1] != $0) changed = changed ", " $1 }
    END {
      for (i = 1; i <= n; i++) if (!(names[i] in new)) gone = gone ", " names[i]
      if (from == "live") { if (all != "") print "settings: there is no .env where this was deployed from; kept from the live release: " substr(all, 3); exit }
      list(added, "added"); list(changed, "changed"); list(gone, "removed")
      if (said != "") print "settings of .env: " substr(said, 3)
    }' "$live" "$release/settings.env" >"$work/said"
  [ ! -s "$work/said" ] || logged cat "$work/said"
}

# What is for a registry, or for who is told what happens, is not for the services that are given all there is.
without_tokens() { awk -F= -v names=" $registry_secrets " '!index(names, " " $1 " ")'; }

# Of the release that is brought up next.
write_env_file() {
  links_env_file || return 0
  ( umask 077; values_in_force | without_tokens >"$base/shared/secrets/env_file.new" ) && mv "$base/shared/secrets/env_file.new" "$base/shared/secrets/env_file"
}
