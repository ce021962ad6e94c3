# shellcheck shell=sh
# Programs of the repository that a deploy runs, and the one-off container before the switch.

# run_hook NAME VERDICT: .zebu/hooks/NAME of the release, when it has one; the release as JSON on standard input.
run_hook() {
  hook=.zebu/hooks/$1
  [ -f "$tree/$hook" ] || return 0
  begin hook "$hook"
  printf '{%s,"app":"%s","mode":"%s","previous":"%s","verdict":"%s"}\n' "$record" "$project" "$mode" "$previous" "$2" >"$work/release"
  logged hook_program "$hook" "$1" "$2"
}

blame_hook() { blame hook-failed "$hook failed with exit status $(cat "$work/status"): " "$(last_line hook)"; }

hook_program() {
  cd "$tree" || return 1
  [ -x "$1" ] || { echo "$1 is not executable: git update-index --chmod=+x $1"; return 126; }
  export ZEBU_HOOK="$2" ZEBU_VERDICT="$3" ZEBU_RELEASE="$id" ZEBU_APP="$project" ZEBU_MODE="$mode" ZEBU_PREVIOUS="$previous"
  heard timeout "$build_timeout" "./$1" <"$work/release"
}

remove_release_container() {
  [ -z "$release_service" ] || timeout 60 docker rm -f "zebu-release-$project" >/dev/null 2>&1
}

# deploy.release_command, in the new image, before anything else of the release runs.
run_release_command() {
  [ -n "$release_service" ] || return 0
  begin release-command "$release_service"
  touched=1
  [ -z "$previous" ] || migrated=1
  remove_release_container
  tend_folders || return 1
  write_env_file
  limit=$timeout
  logged release_command && return 0
  remove_release_container
  cause=release-command-failed reason="the release command in $release_service failed with exit status $(cat "$work/status"): $(last_line release-command)"
  return 1
}
