# shellcheck shell=sh
# live_name: in the app's folder, the name of the release that the link to the live one names, whether that is there or not; nothing where
# it names none. In a shell of its own, which goes elsewhere.

live_name() {
  # Where it leads to a release the shell sees that itself.
  cd -P . && live_top=$PWD || return 0
  if cd -P current 2>/dev/null; then
    case $PWD in
      "$live_top/releases/"*/*) ;;
      "$live_top/releases/"?*) printf '%s\n' "${PWD##*/}"; return ;;
    esac
  fi
  live_link=$(readlink "$live_top/current" 2>/dev/null) || return 0
  # As who sets it by hand may have written it.
  live_link=${live_link%/}
  case $live_link in
    releases/*/*) ;;
    releases/?*) printf '%s\n' "${live_link#releases/}" ;;
  esac
}
