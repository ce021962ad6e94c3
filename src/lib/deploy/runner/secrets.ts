import { MARKERS } from '../../secrets/vm/markers.js';

/** Secrets: what may not be built in, and another version for the release that is live. */
export const SECRETS =
  MARKERS +
  String.raw`
# A build argument stays readable in the image's history. Fails with $reason when one carries a secret.
find_build_args() {
  [ -n "$secrets" ] && [ -s "$base/shared/secrets/$secrets" ] || return 0
  grep -q '^ *"args": {' "$work/config" || return 0
  marked_config yaml >"$work/marked" 2>/dev/null || return 0
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
  reason="build argument: $reason, where it stays in the history of the image; use a build secret (build.secrets) instead"
  return 1
}

# NAME=value of a version file as a shell assignment to VARIABLE: assign VARIABLE NAME FILE
assign() {
  LC_ALL=C awk -v variable="$1" -v wanted="$2" '
    function unescape(text,   out, at, c) {
      out = ""
      while ((at = index(text, "\\")) > 0) {
        c = substr(text, at + 1, 1)
        out = out substr(text, 1, at - 1) (c == "n" ? "\n" : c == "r" ? "\r" : c)
        text = substr(text, at + 2)
      }
      return out text
    }
    { at = index($0, "=") }
    substr($0, 1, at - 1) == wanted {
      body = substr($0, at + 2, length($0) - at - 2)
      if (substr($0, at + 1, 1) == "\"") body = unescape(body)
      gsub(/\047/, "\047\\\047\047", body)
      print variable "=\047" body "\047"
    }' "$3"
}

# The configured command that makes the data follow, its values over standard input: follow NAME SERVICE COMMAND OLD NEW
follow() {
  if [ -n "$2" ]; then
    container=$(timeout 120 docker ps -q --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$2" --filter label=com.docker.compose.oneoff=False | head -n 1)
    [ -n "$container" ] || { echo "the service $2 does not run"; return 1; }
    follow_script "$@" | timeout "$timeout" docker exec -i "$container" sh
  else
    follow_script "$@" | ( cd "$tree" && timeout "$timeout" sh )
  fi
}
follow_script() {
  assign ZEBU_OLD "$1" "$base/shared/secrets/$4"
  assign ZEBU_NEW "$1" "$base/shared/secrets/$5"
  printf 'export ZEBU_OLD ZEBU_NEW\n{\n%s\n} </dev/null\n' "$3"
}

# All commands, from the version OLD to NEW; those done already are taken back when one fails.
follow_all() {
  n=0
  while [ $n -lt "$commands" ]; do
    n=$((n + 1))
    eval "name=\$name_$n service=\$service_$n command=\$command_$n"
    begin rotate "$name: the data follows"
    logged follow "$name" "$service" "$command" "$1" "$2" && continue
    reason="rotate.command of $name failed with exit status $(cat "$work/status"): $(sed -n 's/^{"step":"rotate","line":"\(.*\)"}$/\1/p' "$journal" | tail -n 1)"
    while [ $n -gt 1 ]; do
      n=$((n - 1))
      eval "name=\$name_$n service=\$service_$n command=\$command_$n"
      logged follow "$name" "$service" "$command" "$2" "$1"
    done
    return 1
  done
}

# Recreates what uses the changed secrets, and judges everything.
recreate() {
  begin start-up "$1"
  limit=$(( timeout + 600 ))
  if [ -n "$affected" ] && ! logged compose up -d --no-build --no-deps $affected; then
    said=$(sed -n 's/^{"step":"start-up","line":"\(.*\)"}$/\1/p' "$journal" | tail -n 1)
    patience=0
    verify && reason=
    case $reason in ''|'not healthy'*) reason="docker compose up failed: $said" ;; esac
    return 1
  fi
  front_prepare
  front_sync
  front_reload || return 1
  begin verify ''
  only= patience=$timeout
  verify
}

# The release refers to another version from here on, by rename.
refer_to() {
  { grep -v '^secrets=' "$release/plan"; printf 'secrets=%s\n' "$1"; } >"$work/plan" && cp "$work/plan" "$release/plan.new" && mv "$release/plan.new" "$release/plan" && sync "$release/plan"
}

# shared/secrets/apply sets: version (file), affected (services), commands (how many), name_N service_N command_N.
apply_secrets() {
  store=$base/shared/secrets
  . "$store/apply"
  before=$secrets own=$record
  if follow_all "$before" "$version"; then
    secrets=$version
    environment="$environment --env-file $store/$version"
    # For as long as it is not decided, the new value counts over what was bound before.
    if recreate ''; then
      if [ "$commands" -gt 0 ]; then
        n=0
        : >"$work/names"
        while [ $n -lt "$commands" ]; do n=$((n + 1)); eval "echo \$name_$n" >>"$work/names"; done
        umask 077
        touch "$store/bound.env"
        awk -F= 'FILENAME == ARGV[1] { name[$1] = 1; next } FILENAME == ARGV[2] { if ($1 in name) print; next } !($1 in name)' "$work/names" "$store/$version" "$store/bound.env" >"$store/bound.new" && mv "$store/bound.new" "$store/bound.env"
        umask 022
      fi
      refer_to "$version" || finish unhealthy 'the release cannot be told its new secrets'
      rm -f "$store/apply"
      finish live ''
    fi
    failed=$reason
    last_words
    note failed "$failed"
    load "$release"
    record=$own
    undone=1
    follow_all "$version" "$before" || undone=0
  else
    failed=$reason
    note failed "$failed"
    undone=1
  fi
  # Kept aside: when a command could not be undone, the data may want the new value after all.
  number=$(printf '%s' "$version" | sed 's/[.]env$//')
  mv "$store/$version" "$store/$number.undone"
  mv "$store/$number.json" "$store/$number.json.undone"
  rm -f "$store/apply"
  if recreate 'going back to the value before' && [ $undone = 1 ]; then finish restored "$failed"; fi
  last_words
  finish unhealthy "$failed; going back to the value before failed too: $reason"
}
`;
