# shellcheck shell=sh
# The last $1 lines of what the machine says: Proxmox keeps no record of what a serial port said, so the past is read from the VM's own
# log.

n=$1
if journalctl -b -n 1 -q >/dev/null 2>&1 && [ -n "$(journalctl -b -n 1 -q --no-pager 2>/dev/null)" ]
then exec journalctl -b -n "$n" --no-pager -o short-iso
fi
for file in /var/log/syslog /var/log/messages /var/log/cloud-init-output.log; do
  [ -s "$file" ] && exec tail -n "$n" "$file"
done
dmesg | tail -n "$n"
