# shellcheck shell=sh
# Refuses build arguments whose values are secrets: they would be in the image.

# include ../app-folder/secrets/markers.sh
# Whether a build might be handed one: where there are any, and what the plan names is all there is and has arguments, or
# leaves it to other files.
may_hand_secrets() {
  [ -n "$secrets" ] && [ -s "$base/shared/secrets/$secrets" ] || return 1
  # shellcheck disable=SC1003,SC2046 # a backslash; paths that zebu.yml promises to be free of blanks
  ( cd "$tree" && cat $(echo "$files" | tr ' ' '\n' | grep -v '^-') 2>/dev/null ) | grep -qE 'args|include|extends|\\'
}

# For where Compose takes no marker and no number either: arguments that the masks of the values change.
find_masked_args() {
  awk "$scan"'
    depth == 2 && key != "" { service = key; next }
    depth == 3 && key != "" { member = key; next }
    depth == 4 && key != "" { inside = member == "build" && key == "args"; next }
    depth == 5 && inside && key != "" { print service " " key " " value(line) }' "$work/config" >"$work/args"
  # A common value or a short one is in many an argument that nobody handed it to.
  mask --strong <"$work/args" >"$work/masked-args"
  reason=$(paste -d '\n' "$work/args" "$work/masked-args" | awk '
    NR % 2 == 1 { plain = $0; split($0, word, " "); next }
    $0 != plain { print word[2] " of " word[1] }' | tr '\n' ';' | sed -e 's/;$//' -e 's/;/; /g')
  [ -z "$reason" ] && return 0
  cause=secret-in-build reason="build argument: the value of a secret is in $reason, where it stays in the history of the image; use a build secret (build.secrets) instead"
  return 1
}

# A build argument stays readable in the image's history. Fails with $cause and $reason when one carries a secret.
find_build_args() {
  [ -n "$secrets" ] && [ -s "$base/shared/secrets/$secrets" ] || return 0
  grep -q '^ *"args": {' "$work/config" || return 0
  marked_config yaml >"$work/marked" 2>/dev/null || marked_config yaml numbers >"$work/marked" 2>/dev/null || { find_masked_args; return; }
  reason=$(awk '
    /^  [^ ]/ { service = $1; sub(/:$/, "", service) }
    /^[^ ]/ { top = $1 }
    /^    [^ ]/ { inside = ($1 == "build:") }
    /^      [^ ]/ { args = inside && $1 == "args:" }
    top == "services:" && args && /^        / {
      rest = $0
      while (match(rest, /zebu-marker-[A-Za-z0-9_]+-end/)) {
        print substr(rest, RSTART + 12, RLENGTH - 16) " is handed to the build of " service
        rest = substr(rest, RSTART + RLENGTH)
      }
    }' "$work/marked" | sort -u | tr '\n' ';' | sed -e 's/;$//' -e 's/;/; /g')
  [ -z "$reason" ] && return 0
  cause=secret-in-build reason="build argument: $reason, where it stays in the history of the image; use a build secret (build.secrets) instead"
  return 1
}
