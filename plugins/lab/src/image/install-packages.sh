#!/bin/sh
# Installs Debian packages on this machine, without starting the services they bring.
# Arguments: their names.

set -eu
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d

# Asks nothing, and waits for another one that holds the lock.
apt() { apt-get -q -y -o DPkg::Lock::Timeout=600 -o APT::Install-Recommends=false "$@"; }

# Is there one of these in the folder of lists?
listed() { [ -n "$(find /var/lib/apt/lists -maxdepth 1 "$@" -print -quit)" ]; }

# Lists that are missing or older than a day are fetched again.
{ listed -name '*_Packages*' && listed '(' -name '*_Packages*' -o -name partial ')' -mtime -1; } || apt update

# Debian's own switch; where there is one, the owner of this machine has a policy of his own.
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' HUP INT TERM
  # The line in it is for a person who finds it after a power failure.
  printf '%s\n' '#!/bin/sh' '# Made while packages were installed; safe to delete.' 'exit 101' >"$policy"
  chmod 755 "$policy"
fi

# The lists may be younger than a day and name files that the mirror no longer has.
apt install "$@" || { apt update && apt install "$@"; }
