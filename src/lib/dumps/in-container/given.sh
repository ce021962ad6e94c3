# shellcheck shell=sh
# given NAME: what the environment of the container says, or the file that NAME_FILE names. For the shell of any image.

given() {
  eval "given_value=\${$1:-} given_file=\${$1_FILE:-}"
  if [ -n "$given_value" ]; then printf '%s' "$given_value"
  elif [ -n "$given_file" ] && [ -r "$given_file" ]; then cat "$given_file"
  fi
}
