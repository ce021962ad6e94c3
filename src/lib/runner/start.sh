# shellcheck shell=sh
# The arguments, and the variables that all other parts use.

mode=$1 base=$2 id=$3 run=$4 part=$5 keep_now=$6 cache_now=$7
umask 022
trap '' HUP PIPE
# Compose has the values of --env-file in its environment; a build would hand them to git, to ask a checkout that has none.
export BUILDX_GIT_INFO=0
transaction=$base/transaction

# The first process only watches the second: what that leaves half done when it is killed is undone or finished at once.
if [ "$part" != worker ]; then
  sh "$base/runner" "$mode" "$base" "$id" "$run" worker
  ended=$? tries=0
  # 75: it has left it open itself, for somebody to look at.
  while [ -f "$transaction" ] && [ $ended != 75 ] && [ $tries -lt 3 ]; do
    tries=$((tries + 1))
    sh "$base/runner" recover "$base" "$id" "$run" worker
    ended=$?
  done
  # Without the lock, and behind whatever else the machine has to do.
  exec 9>&-
  for each in "$base"/.gone.*; do
    [ -e "$each" ] || continue
    renice -n 19 -p $$ >/dev/null 2>&1
    gone "$each"
  done
  exit 0
fi

# A rehearsal is a deploy in two halves: "prepare", up to the switch, and "rehearse", from there on in a copy of the machine.
half=
case $mode in prepare|rehearse) half=$mode mode=deploy ;; esac

release=$base/releases/$id
# What takes secret values out of everything that is written.
masks=$base/shared/secrets
# include ../app-folder/secrets/any.sh
any_secrets "$masks" || masks=/dev/null
journal=$base/journals/$run.jsonl
# Not on the disk that may be full.
app=${base##*/}
memory=/dev/shm/zebu-$app beside=$base/.run
# Without the lock: nothing of a run is its own, and it leaves no journal.
[ "$mode" != watch ] || { journal=/dev/null memory=/dev/shm/zebu@probation@$app beside=$base/.watch; }
for each in "$memory".* "$beside".*; do [ ! -e "$each" ] || rm -rf "$each"; done
work=$(mktemp -d "$memory.XXXXXX" 2>/dev/null || mktemp -d "$beside.XXXXXX") || exit 1
# shellcheck disable=SC2154 # numbers, a word each
trap '[ -z "$watcher$askers" ] || kill $watcher $askers 2>/dev/null; log_out; [ ! -e "$work" ] || rm -rf "$work"' EXIT
started=$(date +%s)
IFS=. read -r uptime _ </proc/uptime
read -r boot </proc/sys/kernel/random/boot_id
booted=$((started - uptime))
case $mode in prune|watch|prove) ;; *) echo $$ >"$base/worker" ;; esac
step=start
bad='' cause='' reason='' remark='' remark_cause='' watcher='' gap='' only='' front='' noting='' removing='' listing='' touched='' fresh='' hashing='' own_docker='' dump_made='' migrated='' tokens='' away='' away_hosts='' askers='' asking='' patient='' holding='' pinned='' keeps_spare=1 as_is='' as_compared='' renewed='' clock_set='' pathless='' same_tree='' same_context='' left='' left_told='' unread='' taken='' recalled='' own_services='' same_read='' same_beside=''
strict=1
