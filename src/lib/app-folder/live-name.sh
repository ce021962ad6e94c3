# shellcheck shell=sh
# live_name: in the app's folder, the name of the release that the link to the live one names, whether that is there or not; nothing where
# it names none.

live_name() {
  # Where it leads to a release the shell sees that itself.
  live_link=$(cd -P current 2>/dev/null && pwd -P) || live_link=
  case $live_link in
    "$(pwd -P)/releases/"*/*) ;;
    "$(pwd -P)/releases/"?*) printf '%s\n' "${live_link##*/}"; return ;;
  esac
  live_link=$(readlink current 2>/dev/null) || return 0
  # As who sets it by hand may have written it.
  live_link=${live_link%/}
  case $live_link in
    releases/*/*) ;;
    releases/?*) printf '%s\n' "${live_link#releases/}" ;;
  esac
}
