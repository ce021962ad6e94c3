# shellcheck shell=sh
# Deploys what poll.sh has ordered, as a client would: the same lock, the same runner, the same books. It trusts the order with a name and
# an id; signature and contents are judged again, with what only the client wrote.

trust=$base/pull state=$base/pull/state objects=$base/repo.git
umask 077
cd "$base" || exit 1
# A person may have started it beside the unit.
exec 8>>"$trust/run-lock"
flock -n 8 || { sleep 3; exit 0; }
mv -f "$state/order" "$state/taken" 2>/dev/null || exit 0
# shellcheck disable=SC1091 # written by zebu
. "$trust/settings" || exit 1
# include ./git.sh
# include ./verify.sh
# include ../units/event.sh
rm -rf "$trust"/work.*
work=$(mktemp -d "$trust/work.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
{ IFS= read -r ref; IFS= read -r oid; IFS= read -r over; } <"$state/taken"
case $oid in '' | *[!0-9a-f]*) exit 1 ;; esac
case $ref in '' | *[!0-9A-Za-z._/+-]*) exit 1 ;; esac
case $over in *[!0-9A-Za-z-]*) exit 1 ;; esac
[ -d repo.git ] || git init -q --bare repo.git || exit 1
# What was fetched is read, and nothing of how it is set up there.
export GIT_ALTERNATE_OBJECT_DIRECTORIES="$state/repo.git/objects"

if ! verify "$ref" "$oid" || ! check_commit "$ref" "$commit"; then
  printf '<3>%s\n' "$reason" >&2
  exit 1
fi
read -r tried times 2>/dev/null <"$state/tried" || tried=''
[ "$tried" = "$commit" ] || times=0
echo "$commit $((times + 1))" >"$state/tried"

# The commit as it is checked out: line endings, encodings and keywords in their places, as the client makes it before it sends one.
sent=$commit
if local_git grep -q -E '^[^#]*(crlf|ident|working-tree-encoding)' "$commit" -- ':(top,glob)**/.gitattributes' 2>/dev/null; then
  made=$work/made.git
  git init -q --bare "$made" && mkdir "$work/tree" || exit 1
  export GIT_ALTERNATE_OBJECT_DIRECTORIES="$state/repo.git/objects:$base/repo.git/objects"
  in_tree() { GIT_INDEX_FILE=$work/$1 git --git-dir="$made" --work-tree="$work/tree" -C "$work/tree" "$2" "$3" "$4" "$5"; }
  in_tree first read-tree --reset -u "$commit" || exit 1
  mkdir -p "$made/info"
  echo '* -text -eol -crlf -ident -filter -working-tree-encoding' >"$made/info/attributes"
  in_tree second add -A -f . || exit 1
  tree=$(GIT_INDEX_FILE=$work/second git --git-dir="$made" write-tree) || exit 1
  if [ "$tree" != "$(local_git rev-parse "$commit^{tree}")" ]; then
    stamp="@$(local_git rev-list --max-count=1 --timestamp "$commit" | cut -d' ' -f1) +0000"
    sent=$(GIT_AUTHOR_NAME=zebu GIT_AUTHOR_EMAIL=zebu GIT_COMMITTER_NAME=zebu GIT_COMMITTER_EMAIL=zebu GIT_AUTHOR_DATE=$stamp GIT_COMMITTER_DATE=$stamp \
      git --git-dir="$made" commit-tree "$tree" -p "$commit" -m 'as it is checked out') || exit 1
    export GIT_ALTERNATE_OBJECT_DIRECTORIES="$state/repo.git/objects:$made/objects"
  fi
fi

subject=$(local_git log -1 --format=%s "$commit" | cut -c1-200)
short=$(printf '%s' "$commit" | cut -c1-7)
id=$(date -u +%Y%m%dT%H%M%SZ)-$short
run=$id
case $mode in tags) kind=tag ;; *) kind=branch ;; esac
members="\"id\":\"$id\",\"ref\":\"$ref\",\"kind\":\"$kind\",\"commit\":\"$commit\""
whose="\"who\":\"$(json_text "${signer:-nobody who signed}")\",\"from\":\"$(json_text "$repository")\",\"by\":\"pull\""
holder="{$members,\"run\":\"$run\",$whose,\"since\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"}"
quoted() { printf "'"; printf '%s' "$1" | sed "s/'/'\\\\''/g"; printf "'"; }
{
  cat "$trust/plan"
  printf 'record='
  quoted "$members,\"subject\":\"$(json_text "$subject")\",$whose"
  printf "\nrelease_env='"
  # Names and ids, which have no quotes.
  printf "ZEBU_REF='\\\\''%s'\\\\''\nZEBU_COMMIT='\\\\''%s'\\\\''\nZEBU_RELEASE='\\\\''%s'\\\\''\n'\n" "$ref" "$commit" "$id"
  # Settings are what the live release has; of a first one those that pull:enable brought.
  if [ -f current/plan ]; then printf "settings_from=live\nsettings=''\n"; fi
} >"$work/plan" || exit 1
{ echo "$sent"; git --git-dir=repo.git for-each-ref --format='^%(objectname)' refs/zebu; } |
  git --git-dir=repo.git pack-objects --revs --stdout --thin --delta-base-offset -q >"$work/pack" || exit 1
# What the runner keeps has to be whole by itself.
unset GIT_ALTERNATE_OBJECT_DIRECTORIES

# Refused by the lock it comes to nothing: the next look decides again.
(
  exec <"$work/pack" 8>&-
  lock_wait=0 over_checked=1 runner_size=0
  runner_sum=$(sha256sum <"$base/runner")
  runner_sum=${runner_sum%% *}
# include ../runs/programs/lock-part.sh
  printf '%s\n' "$run" >"$state/run.new" && mv -f "$state/run.new" "$state/run"
  ( umask 022; cat "$work/plan" >.incoming/plan )
  mode=deploy commit=$sent pack=1 secrets_size=0
# include ../runs/programs/start-part.sh
) >"$work/said" 2>"$work/error"
status=$?
if grep -qs "\"run\":\"$run\"" releases.jsonl; then
  rm -f "$state/tried"
  # All that is live is in the app's own repository now; nobody may be fetching just then.
  (
    exec 7>>"$state/lock"
    flock -n 7 && rm -rf "$state/repo.git"
  )
elif [ $status != 0 ]; then
  case $status in
    # LOCKED, OVERTAKEN and TAKEN of statuses.sh: somebody else was first.
    75|76|78) rm -f "$state/tried" ;;
    *) printf '<3>%s could not be started (%s): %s\n' "$ref" "$status" "$(tail -n 1 "$work/error" | cut -c1-300)" >&2; exit 1 ;;
  esac
fi
exit 0
