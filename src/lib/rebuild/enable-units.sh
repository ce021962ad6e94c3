# shellcheck shell=sh
# Has systemd know units that were brought, and start those that $note names. One that cannot be started keeps none of the others off.

[ -f "$note" ] || exit 0
ended=0
# A machine without systemd starts nothing by itself.
if [ -d "$systemd" ]; then
  systemctl daemon-reload || exit
  while read -r unit; do
    case $unit in
      '') ;;
      *.service) systemctl enable "$unit" </dev/null || ended=1 ;;
      *) systemctl enable --now "$unit" </dev/null || ended=1 ;;
    esac
  done <"$note"
fi
[ "$ended" != 0 ] || rm -f "$note"
exit "$ended"
