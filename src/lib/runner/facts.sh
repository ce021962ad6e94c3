# shellcheck shell=sh
# What follows from the configuration alone is worked out once: a release that Compose reads in the same words as the live one takes it from
# there. What else decides (files of the commit, what Docker has, which values are secrets) is looked at each time.

# Sets $config_sum: a digest of those words, but for the release's folder, and of this runner. With the key of the secrets, some of which
# are in them.
sum_config() {
  set -- "$work/config"
  [ ! -s "$base/shared/secrets/key" ] || set -- "$base/shared/secrets/key" "$@"
  awk -v top="$release/" -v by="$runner_is" '
    BEGIN { print by }
    {
      while ((at = index($0, top)) > 0) { printf "%s@/", substr($0, 1, at - 1); $0 = substr($0, at + length(top)) }
      print
    }' "$@" | sha256sum >"$work/config-sum"
  read -r config_sum _ <"$work/config-sum" || :
}

# copy_lines FROM TO: without a program, which for some lines costs less than they do.
copy_lines() { print_lines "$1" >"$2"; }
print_lines() { while IFS= read -r line_; do printf '%s\n' "$line_" || return 1; done <"$1"; }
# Sets $lines to what $(cat FILE) would: read_lines FILE
read_lines() {
  lines=
  while IFS= read -r line_ || [ -n "$line_" ]; do
    lines="$lines$line_
"
  done <"$1" || return 1
  while :; do case $lines in *"
") lines=${lines%?} ;; *) return 0 ;; esac; done
}

# Leaves what check_config and place would find, and in $pathless whether nothing of the project is mounted from the release. Fails where
# the live release was read in other words.
recall_facts() {
  pathless=''
  sum_config
  live=$base/releases/$previous
  { [ "$mode" = deploy ] && [ -n "$previous" ] && [ -s "$live/facts" ] && read -r facts_of facts_paths <"$live/facts"; } || return 1
  [ "$facts_of" = "$config_sum" ] && [ -e "$live/built" ] && [ -e "$live/pulled" ] || return 1
  set --
  for each in built pulled intents standing builders gives facts; do [ ! -e "$live/$each" ] || set -- "$@" "$live/$each"; done
  if ! cp "$@" "$release/" 2>/dev/null || ! copy_lines "$live/built" "$work/built" || ! copy_lines "$live/pulled" "$work/pulled"; then
    drop "$release/facts"
    return 1
  fi
  # A service that is not active may have come, which may mount something.
  if [ "$facts_paths" != paths ] && { plain_files || ! compose_says profiles; }; then pathless=1; fi
}

# What is mounted, and what is given otherwise, where it is known that there is no path.
recall_paths() {
  for each in uses decided said tended placed; do : >"$work/$each"; done
  refuse_standing
}

# For the releases to come, once it was judged. Where there is no room for it they work it out.
note_facts() {
  [ ! -e "$release/facts" ] || return 0
  facts_paths=none
  if [ -s "$work/placed" ] || [ "$every" != "$work/config" ]; then facts_paths=paths; fi
  # Of volumes that lie where Docker puts them nothing is decided.
  while read -r kind_ _; do [ "$kind_" = mounted ] || facts_paths=paths; done <"$work/uses"
  { cp "$work/built" "$work/pulled" "$release/" && printf '%s\n' "$config_sum $facts_paths" >"$release/facts"; } 2>/dev/null || drop "$release/facts"
}
