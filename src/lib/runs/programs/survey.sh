# shellcheck shell=sh
# What the VM has, as `key=value` lines: one round trip before anything is sent. A deploy waits for it, and a program that is started costs
# more than what the shell does itself.

cd "$base" 2>/dev/null || exit 0
[ -d repo.git ] && git --git-dir=repo.git for-each-ref --format='have=%(objectname)' refs/zebu
# include ../../app-folder/current-lines.sh
# include ../../app-folder/secrets/survey.sh
for each in shared/proxy/config/tls/*.pem; do
  if [ -s "$each" ]; then each=${each##*/}; echo "certificate=${each%.pem}"; fi
done
[ ! -f shared/proxy/certificate ] || sed -n 's/^bound=/certificate-in-force=/p' shared/proxy/certificate
# include ../../units/digests.sh
each_as() { while IFS= read -r each; do printf '%s=%s\n' "$1" "$each"; done; }
unit_digests units "${base##*/}" | each_as unit
sha256sum runner "$recover_file" "$unit_file" 2>/dev/null | each_as sum
# Who has the lock has signed it. Who has just got it will, and who has ended writes to the disk: both are waited for when it is taken.
[ ! -s holder ] || {
  exec 8>>lock
  flock -ns 8 || { held=$(cat holder 2>/dev/null) && [ -n "$held" ] && printf 'holder=%s\n' "$held"; }
}
exit 0
