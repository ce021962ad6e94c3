/** Content-addressed names for what was built, so that an unchanged service keeps its container. */
export const IMAGES = String.raw`
# Pins what was built under names that a later build does not move: what a restore needs.
pin_images() {
  compose config --services >"$work/services" 2>"$work/error" || { reason=$(tail -n 1 "$work/error"); return 1; }
  timeout 120 docker image ls -q --no-trunc --filter "label=com.docker.compose.project=$project" >"$work/ids" || { reason='Docker does not list images'; return 1; }
  echo 'services:' >"$work/images"
  found=0
  [ -s "$work/ids" ] && timeout 120 docker image inspect --format '{{index .Config.Labels "com.docker.compose.service"}} {{.Id}}{{range .RepoTags}} {{.}}{{end}}' $(sort -u "$work/ids") >"$work/built" || : >"$work/built"
  while read -r service image tags; do
    grep -qxF "$service" "$work/services" || continue
    # Only what the build has just named: older images of the service carry nothing but our own names.
    for tag in $tags; do
      case $tag in zebu/*) continue ;; esac
      short=$(printf '%s' "$image" | sed -e 's/^sha256://' | cut -c1-12)
      pinned=zebu/$project-$service:$short
      case " $tags " in *" $pinned "*) ;; *) timeout 120 docker tag "$image" "$pinned" || { reason="cannot tag $pinned"; return 1; } ;; esac
      printf '  "%s":\n    image: "%s"\n' "$service" "$pinned" >>"$work/images"
      found=1
      break
    done
  done <"$work/built"
  [ $found = 1 ] && cp "$work/images" "$release/images.yml"
  overlays
  return 0
}
`;
