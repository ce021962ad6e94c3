/**
 * Which services use which secret, as Compose itself sees it: the configuration is rendered with a marker in place of each
 * value, and the marker is looked for. Right for interpolation, bare names, env_file, extends and include alike, and no
 * value is anywhere near it.
 *
 * Names become `NAME='zebu-marker-NAME-end'`. No `${` in here: it is a JavaScript template.
 */
export const MARKERS = String.raw`
# Renders the loaded release with markers instead of secrets, as YAML or JSON.
marked_config() {
  ( sed -n "s/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1='zebu-marker-\1-end'/p" "$base/shared/secrets/$secrets" >"$work/markers"
    environment=
    if [ -L "$tree/.env" ]; then
      # The same files, with the markers in the place of what "env_file: .env" finds.
      rm -rf "$work/marked" && mkdir "$work/marked"
      for each in "$tree"/* "$tree"/.[!.]*; do [ "$each" = "$tree/.env" ] || ln -s "$each" "$work/marked/"; done
      cat "$release/settings.env" "$work/markers" 2>/dev/null >"$work/marked/.env"
      tree=$work/marked
    elif [ -f "$tree/.env" ]; then environment="--env-file $tree/.env"
    fi
    [ ! -s "$release/settings.env" ] || environment="$environment --env-file $release/settings.env"
    environment="$environment --env-file $work/markers"
    [ ! -s "$release/release.env" ] || environment="$environment --env-file $release/release.env"
    compose config --format "$1" )
}
`;
