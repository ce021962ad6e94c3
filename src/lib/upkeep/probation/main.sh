# shellcheck shell=sh
# A unit of the VM: runs as long as the live release is on probation. It watches, and goes back when that fails. Killed, with the
# machine or alone, it is started again and goes on where it was.

# include ../../app-folder/lock.sh
# include ../../app-folder/order.sh
# include ../../app-folder/probation.sh
# A shell of its own: the lock is free again when it has ended.
go_back() (
  take_lock 60
  read_probation || exit 0
  # It is over in another way, or was gone back from and nobody came to write that down.
  [ "$(readlink current)" = "releases/$pr_id" ] || [ -f transaction ] || { forget_probation; exit 0; }
  back=$(date -u +%Y%m%dT%H%M%SZ)-${pr_id##*-}
  sign_lock "{\"who\":\"zebu\",\"from\":\"$(uname -n)\",\"since\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\",\"ref\":\"probation of $pr_id\",\"id\":\"$pr_id\",\"run\":\"$back\"}"
  if [ -f transaction ]; then sh runner recover "$base" - -
  else
    take_place . "$back"
    : >"journals/$back.jsonl"
    sh runner probation "$base" "$pr_id" "$back"
  fi
)

cd "$base" || exit 0
while [ -f probation ]; do
  # The runner of an older zebu, which knows nothing of it, was put in place since.
  grep -q '^watch_probation()' runner || forget_probation
  [ -s probation.why ] || sh runner watch "$base" - - worker
  [ ! -s probation.why ] || go_back
  sleep 2
done
