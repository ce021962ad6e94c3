#!/bin/sh
# Nothing of the image is downloaded in the VM: it is made of the busybox that Debian and Ubuntu have, and what that is linked to.

set -eu
program=$(command -v busybox) || { echo 'there is no busybox in the VM' >&2; exit 1; }
rm -rf root
mkdir -p root/bin
cp "$program" root/bin/busybox
ldd "$program" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "root$(dirname "$library")"
  cp "$library" "root$library"
done
