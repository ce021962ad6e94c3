# shellcheck shell=sh
# Asks the git server once what there is, and decides: nothing new, refused, or an order for pull-run.sh. Started by a timer, in a sandbox
# without Docker that may write $base/pull/state and $base/events alone; with `once` or `now` by a person, who does not wait for a server
# that was away, and with `now` has a release tried again that failed.

trust=$base/pull state=$base/pull/state objects=$base/pull/state/repo.git
masks=$base/shared/secrets
now=$1
umask 077
cd "$state" || exit 1
# shellcheck disable=SC1091 # written by zebu, and not by this program
. "$trust/settings" || exit 1
# include ./git.sh
# include ./verify.sh
# include ../units/event.sh
# include ../app-folder/lock-held.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
exec 8>>lock
if [ -n "$now" ]; then flock -w 60 8 || { echo 'state=busy'; echo 'why=another look at the repository has not ended for a minute'; exit 0; }
else flock -n 8 || exit 0
fi
clock=$(date +%s)

clean() { if [ -d "$masks" ]; then printf '%s' "$1" | mask; else printf '%s' "$1"; fi | tr '\000-\037' ' ' | cut -c1-400; }
keep() { printf '%s\n' "$2" >"$1.new" && mv -f "$1.new" "$1"; }

# say STATE WHY: what is so now, for pull:status. The end of this program. Where nothing changes by itself any more, what was answered is kept.
say() {
  text=$(printf 'polled=%s\nstate=%s\nref=%s\noid=%s\ncommit=%s\nwhy=%s' "$clock" "$1" "$ref" "$oid" "$commit" "$2")
  keep last "$text"
  case $1 in
    live | left | failed) cp "$work/refs" refs.new && mv -f refs.new refs && keep resting "$live_id" ;;
    *) rm -f resting ;;
  esac
  printf '%s\n' "$text"
  exit 0
}

# refuse: recorded, and told, once for an object and a cause.
refuse() {
  reason=$(clean "$reason")
  known="\"oid\":\"$oid\",\"cause\":\"$cause\""
  if ! grep -qsF "$known" refused.jsonl; then
    words=$(json_text "$reason")
    members="\"ref\":\"$ref\",$known,\"commit\":\"$commit\",\"reason\":\"$words\""
    { tail -n 99 refused.jsonl 2>/dev/null; printf '{"t":%s,%s}\n' "$clock" "$members"; } >refused.new && mv -f refused.new refused.jsonl
    event "$base" pull-refused "$members"
    printf '<4>refused %s: %s\n' "$ref" "$words" >&2
  fi
}

# The words of git and ssh by which it is told what is in the way of asking at all.
trouble_of() {
  case $(cat "$work/error") in
    *'Host key verification failed'* | *'HOST IDENTIFICATION HAS CHANGED'*) echo host-key-changed ;;
    *'ermission denied'* | *'uthentication failed'* | *'could not read Username'* | *'could not read Password'* | *'error: 403'*) echo key-refused ;;
    *'certificate'*) echo untrusted ;;
    *'epository not found'* | *'does not appear to be a git repository'* | *"' not found"*) echo not-found ;;
    *) echo away ;;
  esac
}

# The server does not answer, or not us. Asked again after twice the time, up to a quarter of an hour. Told once: at once where it will not pass
# by itself, else after five minutes.
trouble() {
  cause=$(trouble_of)
  words=$(grep -v '^$' "$work/error" | grep -v '^@' | tail -n 1)
  case $cause in
    host-key-changed) words="the host key of the git server is not the one that was pinned: if it was changed on purpose, zebu pull:enable pins the new one" ;;
    key-refused) words="the git server does not accept the deploy key or token: zebu pull:status shows the key${words:+ ($words)}" ;;
    away) words="the git server does not answer${words:+: $words}" ;;
  esac
  words=$(clean "$words")
  since=$clock times=0 told=0 was=
  if [ -f trouble ]; then read -r was since times told _ <trouble; fi
  [ "$was" = "$cause" ] || { since=$clock times=0 told=0; }
  times=$((times + 1))
  pause=$((every * (times < 6 ? 1 << times : 64)))
  [ $pause -lt 900 ] || pause=900
  # A new deploy key is not known to the server at first.
  if [ -e answered ] && [ "$told" = 0 ] && { [ "$cause" != away ] || [ $((clock - since)) -ge 300 ]; }; then
    told=1
    text=$(json_text "$words")
    event "$base" pull-away "\"cause\":\"$cause\",\"repository\":\"$(json_text "$repository")\",\"reason\":\"$text\""
    printf '<4>%s\n' "$text" >&2
  fi
  keep trouble "$cause $since $times $told $((clock + pause))"
  ref='' oid='' commit=''
  say "$cause" "$words"
}

ref='' oid='' commit=''
if [ -z "$now" ] && [ -f trouble ]; then
  read -r _ _ _ _ next <trouble
  # A clock that was set back does not make it wait for ever.
  if [ "$clock" -lt "$next" ] && [ $((next - clock)) -le 900 ]; then exit 0; fi
fi
[ -d repo.git ] || git init -q --bare repo.git || exit 1
# What the app's own repository has need not be fetched.
if [ -d "$base/repo.git/objects" ]; then echo ../../../../repo.git/objects >repo.git/objects/info/alternates
else rm -f repo.git/objects/info/alternates
fi

# One question.
if [ "$mode" = tags ]; then far_git 60 ls-remote --refs --tags -- "$repository" >"$work/refs" 2>"$work/error" </dev/null || trouble
else far_git 60 ls-remote --refs -- "$repository" "refs/heads/$branch" >"$work/refs" 2>"$work/error" </dev/null || trouble
fi
[ -e answered ] || : >answered
if [ -f trouble ]; then
  read -r was since times told _ <trouble
  rm -f trouble
  if [ "$told" = 1 ]; then
    event "$base" pull-back "\"repository\":\"$(json_text "$repository")\",\"seconds\":$((clock - since))"
    printf '<5>the git server answers again\n' >&2
  fi
fi

# What is live: its release, ref and commit.
live_id=$(readlink "$base/current" 2>/dev/null | sed -n 's|^releases/\([^/]*\)$|\1|p')
# The same as the last time: most looks end here.
if [ -z "$now" ] && [ -f resting ] && [ "$(cat resting)" = "$live_id" ] && cmp -s "$work/refs" refs; then
  keep last "$(sed "s/^polled=.*/polled=$clock/" last)"
  cat last
  exit 0
fi
live_ref='' live_commit='' live_kind=''
if [ -n "$live_id" ]; then
  line=$(grep -F "\"id\":\"$live_id\"" "$base/releases.jsonl" 2>/dev/null | tail -n 1)
  # What has just gone live has no line yet: the books are closed after it.
  [ -n "$line" ] || line=$(sed -n 's/^record=//p' "$base/releases/$live_id/plan" 2>/dev/null | tail -n 1)
  live_ref=$(printf '%s' "$line" | sed -n 's/.*"ref":"\([^"]*\)".*/\1/p')
  live_kind=$(printf '%s' "$line" | sed -n 's/.*"kind":"\([^"]*\)".*/\1/p')
  live_commit=$(printf '%s' "$line" | sed -n 's/.*"commit":"\([0-9a-f]*\)".*/\1/p')
fi

versions() { awk "$version_program" "$1" | LC_ALL=C sort -r; }

if [ "$mode" = tags ]; then
  versions "$work/refs" | while IFS='	' read -r key each name; do
    # shellcheck disable=SC2254 # it is a pattern
    case $name in $tags) printf '%s\t%s\t%s\n' "$key" "$each" "$name" ;; esac
  done >"$work/all"
  # The names that are offered with another object than the first time.
  touch seen
  awk -F'\t' 'FILENAME == ARGV[1] { was[$2] = $1; next } !($3 in was) { print $2 "\t" $3 }' seen "$work/all" >"$work/fresh"
  awk -F'\t' 'FILENAME == ARGV[1] { was[$2] = $1; next } ($3 in was) && was[$3] != $2 { print $3 }' seen "$work/all" >"$work/moved"
  if [ -s "$work/fresh" ]; then cat seen "$work/fresh" >seen.new && mv -f seen.new seen; fi
  # Of what is as new as the live one, or older, nothing is to be brought: the mark comes before its like.
  : >"$work/mark"
  if [ "$live_kind" = tag ]; then
    printf '%040d refs/tags/%s\n' 0 "$live_ref" >"$work/live"
    versions "$work/live" >"$work/mark"
  fi
  if [ -s "$work/mark" ]; then
    IFS='	' read -r mark _ <"$work/mark"
    mark=$mark awk -F'\t' '$1 "" > ENVIRON["mark"] ""' "$work/all" >"$work/newer"
  else cp "$work/all" "$work/newer"
  fi
else
  # A branch has one end, and goes on from where it was.
  sed -n "s|^\\([0-9a-f][0-9a-f]*\\)	refs/heads/$branch\$|-	\\1	$branch|p" "$work/refs" >"$work/all"
  : >"$work/moved"
  cp "$work/all" "$work/newer"
fi
if [ ! -s "$work/all" ]; then
  if [ "$mode" = tags ]; then say nothing "there is no tag $tags with a version yet"; else say nothing "there is no branch $branch"; fi
fi

# fetched REF OID: has the object here, with all that belongs to it.
fetched() {
  local_git cat-file -e "$2" 2>/dev/null && local_git rev-list --objects --quiet "$2" 2>/dev/null && return 0
  case $mode in tags) full=refs/tags/$1 ;; *) full=refs/heads/$1 ;; esac
  far_git 600 fetch -q --no-tags --no-write-fetch-head --force -- "$repository" "+$full:refs/pull/candidate" >/dev/null 2>"$work/error" </dev/null || {
    case $(trouble_of) in
      away) [ "$(grep -c 'fsck\|bad object\|missing\|corrupt' "$work/error")" = 0 ] || { rm -rf repo.git; cause=not-fetched reason="$1 cannot be fetched: $(tail -n 1 "$work/error")"; return 1; } ;;
    esac
    trouble
  }
  # What was pushed in between is for the next look.
  [ "$(local_git rev-parse refs/pull/candidate)" = "$2" ] || say changing "$1 was changed just now: it is looked at again"
}

# Whether the branch goes on from where it was seen last.
goes_on() {
  [ -s tip ] || return 0
  read -r before <tip
  [ "$before" != "$oid" ] || return 0
  local_git merge-base --is-ancestor "$before" "$oid" 2>/dev/null && return 0
  cause=forced reason="$branch was pushed by force: it does not go on from ${before%"${before#???????}"}, which was seen before"
  return 1
}

# What moved is told whether or not it is newer than what is live.
if [ -s "$work/moved" ]; then
  awk -F'\t' 'FILENAME == ARGV[1] { moved[$1] = 1; next } $3 in moved' "$work/moved" "$work/all" | head -n 20 >"$work/moves"
  while IFS='	' read -r _ oid ref; do
    commit='' cause=moved reason="$ref is another tag than the one that was seen first: tags do not move; make a new one"
    refuse
  done <"$work/moves"
  ref='' oid='' commit=''
fi

looked=0 last_cause='' last_reason='' last_ref=''
while IFS='	' read -r _ oid ref; do
  looked=$((looked + 1))
  [ $looked -le 25 ] || break
  commit='' cause='' reason=''
  if grep -qxF "$ref" "$work/moved"; then
    last_cause=moved last_reason="$ref was moved" last_ref=$ref
    continue
  fi
  # What was refused for good is not fetched again.
  old=$(grep -sF "\"oid\":\"$oid\"" refused.jsonl | sed -n 's/.*"cause":"\(unsigned\|other-signer\|renamed\|not-a-commit\|submodules\|lfs\|compose-missing\|forced\|not-fetched\)".*/\1/p' | tail -n 1)
  if [ -n "$old" ] && [ "$now" != now ]; then
    last_cause=$old last_reason=$(grep -F "\"oid\":\"$oid\",\"cause\":\"$old\"" refused.jsonl | sed -n 's/.*"reason":"\(.*\)"}$/\1/p' | tail -n 1) last_ref=$ref
    continue
  fi
  if fetched "$ref" "$oid" && { [ "$mode" = tags ] || goes_on; } && verify "$ref" "$oid"; then :
  else
    refuse
    last_cause=$cause last_reason=$reason last_ref=$ref
    continue
  fi
  [ "$mode" = tags ] || keep tip "$oid"
  [ "$commit" != "$live_commit" ] || say live "$ref is live"
  # shellcheck disable=SC2046 # three words without blanks
  set -- $(awk -v ref="$ref" -v commit="$commit" "$history_program" "$base/releases.jsonl" 2>/dev/null)
  case $1 in
    live) say left "$ref was live before, and was left: it stays so until something newer comes" ;;
    failed) [ "$now" = now ] || say failed "$ref failed ($3, run $2): it is not tried again until its commit changes, or zebu pull:now" ;;
  esac
  if [ -n "$live_commit" ] && [ ! -s "$work/mark" ] && local_git merge-base --is-ancestor "$commit" "$live_commit" 2>/dev/null; then
    cause=older reason="$ref is older than what is live ($live_ref)"
    refuse
    say refused "$reason"
  fi
  # What the author meant to be next is not jumped over to an older one.
  check_commit "$ref" "$commit" || { refuse; say refused "$reason"; }
  if lock_held; then say busy "another run is at work; $ref is next"; fi
  [ "$now" != now ] || rm -f tried
  if [ "$(cat tried 2>/dev/null)" = "$commit 3" ]; then
    cause=not-started reason="$ref could not be started three times: zebu pull:now tries again; why: journalctl -u 'zebu-pull*@$app'"
    refuse
    say failed "$reason"
  fi
  # No more than a name, an id and what it is to come after: all else is found out again by who deploys.
  keep order "$(printf '%s\n%s\n%s' "$ref" "$oid" "$live_id")"
  say ordered "$ref is to go live"
done <"$work/newer"

ref=$last_ref oid='' commit=''
[ -z "$last_cause" ] || say refused "$last_reason"
if [ -s "$work/mark" ]; then
  IFS='	' read -r key oid ref <"$work/all"
  if [ "$key" = "$mark" ]; then say live "$live_ref is live, and nothing newer is there"; fi
  cause=older reason="the newest there is, $ref, is older than what is live ($live_ref)"
  refuse
  say refused "$reason"
fi
say live 'nothing newer is there'
