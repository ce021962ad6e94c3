# shellcheck shell=sh
# Which services use which secret, as Compose itself sees it: the configuration is rendered with a marker in place of each
# value, and the marker is looked for. Right for interpolation, bare names, env_file, extends and include alike, and no
# value is anywhere near it.
#
# Names become `NAME='zebu-marker-NAME-end'`.

# Renders the loaded release with markers instead of secrets: marked_config yaml|json [numbers]. With "numbers" those that are
# numbers stay what they are, for where Compose takes nothing else, such as in the place of a port.
marked_config() {
  ( kept='/^$/d'
    [ "${2-}" != numbers ] || kept="/^[A-Za-z_][A-Za-z0-9_]*='[0-9]*'\$/{p;d;}"
    sed -n -e "$kept" -e "s/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1='zebu-marker-\1-end'/p" "$base/shared/secrets/$secrets" >"$work/markers"
    committed_env
    if links_env_file; then
      # The same files, with the markers in the place of what "env_file: .env" finds.
      rm -rf "$work/marked"
      from=$release/tree to=$work/marked below=$(printf '%s' "$directory/" | sed "s|^$from/||")
      IFS=/
      for part in $below .; do
        mkdir "$to"
        for each in "$from"/* "$from"/.[!.]*; do
          [ "$each" = "$from/$part" ] || linked_env_file "$each" || ln -s "$each" "$to/"
        done
        from=$from/$part to=$to/$part
      done
      unset IFS
      env_places
      for each in $places; do
        ! linked_env_file "$each" || cat "$release/settings.env" "$work/markers" 2>/dev/null >"$work/marked${each#"$release/tree"}"
      done
      directory=$work/marked${directory#"$release/tree"}
    fi
    [ ! -s "$release/settings.env" ] || environment="$environment --env-file $release/settings.env"
    environment="$environment --env-file $work/markers"
    [ ! -s "$release/release.env" ] || environment="$environment --env-file $release/release.env"
    compose config --format "$1" )
}
