# shellcheck shell=sh
# What a Proxmox host has for the script, as `key=value` lines; "$@" are programs it needs.

echo "uid=$(id -u)"
echo "host=$(hostname)"
echo "arch=$(dpkg --print-architecture 2>/dev/null)"
echo "version=$(pveversion 2>/dev/null | cut -d / -f 2)"
command -v virt-customize >/dev/null && echo customize=yes
for program in "$@"; do command -v "$program" >/dev/null || echo "lacks=$program"; done
echo "room=$(df -Pk /var/lib | awk 'NR == 2 { print $4 }')"
