/** What a run does, from top to bottom. */
export const MAIN = String.raw`
load "$release"
limit=$build_timeout
previous=$(readlink "$base/current" 2>/dev/null | sed 's|.*/||')

[ "$mode" = secrets ] && apply_secrets

if [ "$mode" = deploy ]; then
  begin check ''
  limit=300
  compose config -q >"$work/error" 2>&1 || finish refused "$(grep -v '^$' "$work/error" | tail -n 1)"
  find_build_args || finish refused "$reason"
  if [ -n "$hook" ] && [ -f "$tree/$hook" ]; then
    run_hook "$hook" || finish refused "$hook failed with exit status $(cat "$work/status")"
  fi
  map_mounts || finish refused "relative bind mounts: $(grep -v '^$' "$work/error" | tail -n 1)"
  begin build ''
  limit=$build_timeout
  say_adopted
  build_images || finish refused "the build failed: $(sed -n 's/^{"step":"build","line":"\(.*\)"}$/\1/p' "$journal" | grep -v '^ *$' | tail -n 1)"
  pin_images || finish refused "$reason"
fi

if bring_up ''; then
  make_current || finish unhealthy "cannot switch $base/current"
  prune
  finish live ''
fi
failed=$reason
last_words
[ -n "$previous" ] && [ "$previous" != "$id" ] && [ -d "$base/releases/$previous" ] || {
  [ "$previous" = "$id" ] && finish unhealthy "$failed"
  finish unhealthy "$failed; there is no earlier release to go back to"
}
note failed "$failed"
own=$record
load "$base/releases/$previous"
if bring_up "going back to $previous"; then
  record=$own
  finish restored "$failed"
fi
record=$own
last_words
finish unhealthy "$failed; going back to $previous failed too: $reason"
`;
