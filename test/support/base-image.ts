import type { Shell } from './guest-shell.js';

const LINKS = [
  'sh',
  'sleep',
  'true',
  'false',
  'cat',
  'ls',
  'echo',
  'rm',
  'touch',
  'test',
  'printf',
  'date',
  'wget',
  'httpd',
];

/** `base:1` in the guest: its own busybox, from no registry. Stays up unless it is told what to run; ends at once when told to. */
export function makeBaseImage(guest: Shell): void {
  guest.run(`set -e
docker image inspect base:1 >/dev/null 2>&1 && exit 0
folder=$(mktemp -d)
mkdir -p "$folder/bin" "$folder/tmp"
cp "$(command -v busybox)" "$folder/bin/busybox"
for each in ${LINKS.join(' ')}; do ln -s busybox "$folder/bin/$each"; done
printf '#!/bin/sh\\nexec sleep 1000000\\n' >"$folder/bin/stay"
chmod 755 "$folder" "$folder/bin/stay"
tar -c -C "$folder" . | docker import -c 'CMD ["/bin/stay"]' -c 'STOPSIGNAL SIGKILL' - base:1 >/dev/null
rm -r "$folder"`);
}

/** Shell commands that make the image `base:1` of the VM's own busybox: no registry is asked. */
export const BASE_IMAGE =
  'mkdir -p /tmp/base/bin && cp "$(command -v busybox)" /tmp/base/bin/ && ln -sf busybox /tmp/base/bin/sh && tar -c -C /tmp/base . | docker import - base:1';
