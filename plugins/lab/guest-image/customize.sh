#!/bin/sh
# Runs inside the new root (chroot), after the files of root/ were laid over it.
set -eu

# Nothing of these is of use in a machine that lives for minutes and whose disk is its own.
systemctl mask \
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
  systemd-tmpfiles-clean.timer systemd-networkd-wait-online.service systemd-network-generator.service \
  systemd-networkd-persistent-storage.service \
  systemd-pstore.service systemd-random-seed.service systemd-binfmt.service systemd-hwdb-update.service \
  systemd-update-done.service systemd-journal-catalog-update.service systemd-journal-flush.service \
  systemd-machine-id-commit.service systemd-firstboot.service systemd-sysusers.service systemd-pcrphase.service \
  systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-user-sessions.service \
  systemd-ask-password-console.path systemd-ask-password-wall.path systemd-repart.service systemd-remount-fs.service \
  systemd-tmpfiles-setup-dev-early.service systemd-tmpfiles-setup-dev.service systemd-modules-load.service \
  systemd-sysctl.service ldconfig.service kmod-static-nodes.service \
  modprobe@configfs.service modprobe@dm_mod.service modprobe@drm.service modprobe@efi_pstore.service \
  modprobe@fuse.service modprobe@loop.service \
  dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
  sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount \
  getty@.service serial-getty@.service console-getty.service getty.target remote-fs.target \
  cloud-init-hotplugd.socket cloud-init-hotplugd.service sshd-keygen.service systemd-logind.service \
  systemd-udev-load-credentials.service tmp.mount systemd-ssh-generator.service >/dev/null 2>&1

# Generators are run one after another before the first unit: none of their answers is needed here.
mkdir -p /etc/systemd/system-generators
for generator in /usr/lib/systemd/system-generators/*; do
  ln -sf /dev/null "/etc/systemd/system-generators/${generator##*/}"
done

systemctl enable containerd.service docker.service docker.socket ssh.service qemu-guest-agent.service \
  systemd-networkd.service systemd-resolved.service lab-power-button.service >/dev/null 2>&1 || true
# Debian's links hang the cloud-init units on a target that its generator would enable.
rm -rf /etc/systemd/system/cloud-init.target.wants
systemctl enable cloud-init-main.service cloud-init-local.service cloud-init-network.service cloud-config.service \
  cloud-final.service >/dev/null 2>&1
systemctl set-default multi-user.target >/dev/null 2>&1

# nft answers the same questions with fewer processes, but every rule dockerd sets is one more exec: the legacy binary
# starts faster and both are in the package.
update-alternatives --set iptables /usr/sbin/iptables-legacy >/dev/null
update-alternatives --set ip6tables /usr/sbin/ip6tables-legacy >/dev/null

# The modules were unpacked (the kernel does xz by itself, slowly on an emulated processor): index them as they are now.
for modules in /lib/modules/*; do depmod "${modules##*/}"; done

# Every machine gets its own: the host key and the machine id are made at first boot.
rm -f /etc/ssh/ssh_host_*
: >/etc/machine-id
rm -f /var/lib/dbus/machine-id
rm -rf /var/lib/cloud/* /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb
rm -f /boot/initrd.img* /initrd.img* /vmlinuz*
# resolv.conf is what cloud-init's network configuration says, through systemd-resolved.
ln -sf ../run/systemd/resolve/resolv.conf /etc/resolv.conf
: >/etc/fstab
echo localhost >/etc/hostname

# A cycle between units is broken by leaving out a random one, once in a few boots: find it here instead.
cycles=$(systemd-analyze verify --man=no default.target 2>&1 | grep cycle || true)
[ -z "$cycles" ] || { echo "$cycles" >&2; exit 1; }
