# shellcheck shell=sh
# Has systemd know units that were brought, and start those that $note names.

[ -f "$note" ] || exit 0
# A machine without systemd starts nothing by itself.
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || exit
  while read -r unit; do
    case $unit in
      '') ;;
      *.service) systemctl enable "$unit" || exit ;;
      *) systemctl enable --now "$unit" || exit ;;
    esac
  done <"$note"
fi
rm -f "$note"
