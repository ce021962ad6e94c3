# shellcheck shell=sh
# Puts the page on standard input in front of the app, or takes it away; renamed into place, so that nobody sees half of it.

# include ../app-folder/statuses.sh
cd "$base" 2>/dev/null || exit "$MISSING"
# include ../app-folder/current-link.sh
case $link in
  live) ;;
  none) exit "$MISSING" ;;
  *) exit "$BROKEN" ;;
esac
# shellcheck disable=SC1091 # written by zebu
( routes=; . current/plan; [ -n "$routes" ] ) || exit 67
umask 022
[ -e "$page" ] && echo was=on
if [ "$on" = 1 ]; then cat >"$page.new" && mv "$page.new" "$page"; else rm -f "$page"; fi
