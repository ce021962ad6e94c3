# shellcheck shell=sh
# Takes out of a VM what is its own, so that it can be cloned: the user $builder and his keys, the names and ids of the machine, its SSH
# host keys, what cloud-init has done, logs, package lists. Run as root; it is shut down next, and never started again. Prints what is in
# it as `key=value` lines, and `sealed=1` at the end, or `left=` and what could not be taken out.

set -e
PATH=/usr/sbin:/sbin:/usr/bin:/bin
export PATH LC_ALL=C
# shellcheck disable=SC1091 # of the machine it runs on
os=$(. /etc/os-release && printf '%s%s' "$ID" "${VERSION_ID%%.*}")
printf 'os=%s\n' "$os"

command -v apt-get >/dev/null && apt-get clean && rm -rf /var/lib/apt/lists/*

# He is logged in, which is no reason to keep him.
home=$(getent passwd "$builder" | cut -d: -f6)
[ "$builder" = root ] || userdel -f "$builder"
case $home in /home/?*) rm -rf "$home" "/var/mail/$builder" ;; esac
rm -rf /root/.ssh /root/.*_history /etc/sudoers.d/90-cloud-init-users "$zebu_root"

cloud-init clean --logs
rm -f /etc/netplan/50-cloud-init.yaml /etc/network/interfaces.d/50-cloud-init /etc/udev/rules.d/70-persistent-net.rules
rm -f /var/lib/dhcp/*.leases /var/lib/NetworkManager/*.lease

rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
rm -f /var/lib/systemd/random-seed /var/lib/systemd/credential.secret
rm -f /etc/docker/key.json /var/lib/docker/engine-id
echo localhost >/etc/hostname

# Empty, and not absent or "uninitialized": a first boot would set all units back to their vendor's presets.
: >/etc/machine-id
[ -L /var/lib/dbus/machine-id ] || rm -f /var/lib/dbus/machine-id

rm -rf /var/log/journal/* /run/log/journal/*
find /var/log -type f -exec truncate -s 0 {} +

# What nobody should find in a clone is looked for once more: a template with a key in it must not come to be.
left() { echo "left=$1"; exit 0; }
if [ "$builder" != root ] && getent passwd "$builder" >/dev/null; then left "the user $builder"; fi
if find /root /home -name authorized_keys -size +0 2>/dev/null | grep -q .; then left 'keys that may log in'; fi
if find /etc/ssh -name 'ssh_host_*_key' | grep -q .; then left 'SSH host keys'; fi
if [ -s /etc/machine-id ]; then left 'the machine id'; fi

# Discarded blocks are freed on the storage.
fstrim -a 2>/dev/null || :
sync
echo sealed=1
