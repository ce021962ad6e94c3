# shellcheck shell=sh
# Writes what pull-run.sh and poll.sh trust, as the deploy user, in the app's folder: settings, plan, who may sign, the server's host keys.
# Makes the deploy key where there is none; its private half never leaves. What was seen and refused until now is forgotten. Finds set
# what it writes; prints `key=value` lines.

set -eu
umask 077
# include ../runs/programs/take-runner.sh
mkdir -p "$base"
cd "$base"
mkdir -p releases journals shared/secrets pull/state
exec 9>>lock
flock -w 60 9 || { echo "another run is at work: $(cat holder 2>/dev/null)" >&2; exit 1; }
rm -rf .incoming
mkdir .incoming
take_runner
place_runner
eval "$boot"
rm -rf .incoming
exec 9>&-
cd pull
exec 8>>state/lock
flock -w 60 8 || { echo 'a look at the repository has not ended for a minute' >&2; exit 1; }
if [ "$scheme" = ssh ]; then
  if [ "$new_key" = 1 ]; then rm -f id_ed25519 id_ed25519.pub; fi
  [ -s id_ed25519 ] || ssh-keygen -q -t ed25519 -N '' -C "zebu pull of $app" -f id_ed25519 </dev/null
  printf 'key=%s\n' "$(cat id_ed25519.pub)"
fi
place() { printf '%s' "$2" >"$1.new" && mv -f "$1.new" "$1"; }
place known_hosts "$known_hosts"
place signers "$signers"
place ca.pem "$authority"
place credential "$credential"
chmod 700 credential
place plan "$plan"
# A keyring that has these and no others.
rm -rf gnupg.new gnupg
mkdir gnupg.new
printf 'trust-model always\nno-auto-check-trustdb\nno-auto-key-retrieve\nno-autostart\n' >gnupg.new/gpg.conf
if [ -n "$openpgp" ]; then
  printf '%s' "$openpgp" | gpg --homedir "$PWD/gnupg.new" --batch --quiet --no-autostart --import 2>gnupg.new/said || { echo "gpg does not take the keys: $(tail -n 1 gnupg.new/said)" >&2; exit 1; }
  rm -f gnupg.new/said gnupg.new/*~ gnupg.new/*.lock
  gpg --homedir "$PWD/gnupg.new" --batch --with-colons --no-autostart --list-keys | awk -F: '$1 == "pub" { wanted = 1 } $1 == "fpr" && wanted { print "openpgp=" $10; wanted = 0 }'
fi
mv gnupg.new gnupg
rm -rf state/repo.git
rm -f state/seen state/refused.jsonl state/trouble state/tip state/order state/tried state/last state/answered state/resting
# Last: without it nothing begins.
place settings "$settings"
