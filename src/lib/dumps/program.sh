# shellcheck shell=sh
# What is done about dumps outside of a run: `$action` is dump, for a person, or scheduled, for the unit; copy copies alone what was not;
# list says what there is, with what is off the VM where $offsite_asked is 1; lend brings the dump $asked from off the VM for a copy of it,
# and forget-lent takes it away again; key-add lets the off-site repository take the password $new_word, too, and key-drop its key $asked not any more.
# For people it says how far it is in lines `at=`, and how it ended in lines `key=value`.

cd "$base" 2>/dev/null || exit 66
umask 077
trap '' HUP
work=$(mktemp -d "/dev/shm/zebu@data@$project.XXXXXX" 2>/dev/null || mktemp -d) || exit 1
ticker=
trap '[ -z "$ticker" ] || kill "$ticker" 2>/dev/null; rm -rf "$work"' EXIT
# What it makes itself: others may be at work beside it.
case $action in dump|scheduled) own=making ;; lend) own=lending ;; *) own= ;; esac
trap '[ -z "$own" ] || rm -rf "$base/data/$own"; exit 1' TERM INT
masks=$base/shared/secrets
# shellcheck disable=SC2010 # what it says is asked, not what there is
ls "$masks" 2>/dev/null | grep -q '[.]env' || masks=/dev/null
cause='' reason=''

# Of somebody who does not read any more the first line ends it.
dump_says() {
  [ "$action" != scheduled ] || return 0
  echo "at=$1" 2>/dev/null && return 0
  rm -rf "$base/data/making"
  exit 1
}

# The last attempts by schedule, for whoever asks how it is: when, well or failed, cause, words; separated by tabs.
note_attempt() { printf '%s\t%s\t%s\t%s\n' "$(date +%s)" "$1" "$cause" "$reason" >"$base/data/$2.new" && mv "$base/data/$2.new" "$base/data/$2"; }

tell_failed() { event "$base" "$1" "\"cause\":\"$cause\",\"reason\":\"$(json_text "$reason")\"" >/dev/null 2>&1; }

dump_now() {
  # Of somebody who was killed.
  find "$base/data/lent" "$base/data/lending" -maxdepth 0 -mmin +360 -exec rm -rf {} + 2>/dev/null
  if ! make_dump "$why" "$who" "$from"; then
    note_attempt failed attempt
    [ "$action" != scheduled ] || tell_failed dump-failed
    printf 'cause=%s\nreason=%s\n' "$cause" "$reason"
    exit 1
  fi
  note_attempt well attempt
  [ -n "$dump_id" ] || { echo none=1; exit 0; }
  printf 'dump=%s\n' "$dump_id"
}

copy_now() {
  [ -n "$data_offsite_repository" ] || return 0
  if copy_offsite; then
    note_attempt well offsite-attempt
    echo offsite=1
    return 0
  fi
  note_attempt failed offsite-attempt
  [ "$action" != scheduled ] || tell_failed offsite-failed
  printf 'offsite_cause=%s\noffsite_reason=%s\n' "$cause" "$reason"
  return 1
}

list_all() {
  find_stores || { echo 'cause=docker-silent'; exit 1; }
  sed 's/^/store=/' "$work/stores"
  dumps_in_order | while read -r each; do sed "s/^/dump=$each /" "$base/data/dumps/$each/manifest" 2>/dev/null; done
  for each in attempt offsite-attempt; do sed "s/^/$each=/" "$base/data/$each" 2>/dev/null; done
  for each in origin adopted; do sed "s/^/$each=/" "$base/data/$each" 2>/dev/null; done
  printf 'now=%s\nroom=%s\n' "$(date +%s)" "$(room)"
  [ "$offsite_asked" = 1 ] && [ -n "$data_offsite_repository" ] || return 0
  if list_offsite >"$work/snapshots"; then printf 'snapshots=%s\n' "$(tr -d '\n' <"$work/snapshots")"
  else printf 'offsite_cause=%s\noffsite_reason=%s\n' "$cause" "$reason"
  fi
}

list_keys() { restic_or_blame 90 key list --json >"$work/keys" && printf '%s=%s\n' "$1" "$(tr -d '\n' <"$work/keys")"; }

# Says `before` and `after`, or nothing where there is no repository yet, or it is made with the new one already.
add_key() {
  printf '%s\n' "$new_word" >"$work/new-word"
  if ! restic_or_blame 90 cat config >/dev/null; then
    [ "$cause" != offsite-missing ] || [ -e "$base/data/offsite-made" ] || return 0
    [ "$cause" = offsite-denied ] || return 1
    # shellcheck disable=SC2030,SC2031 # in there alone
    (export RESTIC_PASSWORD_FILE="$work/new-word"; restic_or_blame 90 cat config >/dev/null) && return 0
    cause=offsite-denied reason='neither the password in the VM nor the new one is that of the off-site repository'
    return 1
  fi
  list_keys before && restic_or_blame 120 key add --new-password-file "$work/new-word" >/dev/null && { list_keys after || list_keys after; }
  added=$?
  rm -f "$work/new-word"
  return $added
}

if [ "$action" = list ]; then
  list_all
  exit 0
fi
# Nothing of the app is there yet; a repository may be, of a VM before.
case $action in key-*) ;; *) [ -f current/plan ] || exit 66 ;; esac
mkdir -p data
case $action in
  lend)
    (
      flock -w "$data_wait" 6 || { echo cause=data-busy; echo 'reason=another copy is under way'; exit 1; }
      dump_says "$asked, from off the VM"
      lend_offsite "$asked" && exit 0
      printf 'cause=%s\nreason=%s\n' "$cause" "$reason"
      exit 1
    ) 6>>"$base/data/offsite-lock"
    exit
    ;;
  key-add|key-drop)
    (
      flock -w "$data_wait" 6 || { echo cause=data-busy; echo 'reason=a copy is under way'; exit 1; }
      if [ "$action" = key-add ]; then add_key; else restic_or_blame 120 key remove "$asked" >/dev/null; fi && exit 0
      printf 'cause=%s\nreason=%s\n' "$cause" "$reason"
      exit 1
    ) 6>>"$base/data/offsite-lock"
    exit
    ;;
  forget-lent)
    [ ! -e "$base/data/lending" ] || : >"$base/data/unwanted"
    rm -rf "$base/data/lent"
    exit 0
    ;;
  dump|scheduled)
    with_dump_lock "$data_wait" dump_now
    ended=$?
    if [ $ended = 75 ]; then
      cause=data-busy reason='another dump, a restore or a deploy is under way'
      if [ "$action" = scheduled ]; then
        note_attempt failed attempt
        tell_failed dump-failed
      fi
      exit 75
    fi
    [ $ended = 0 ] || exit $ended
    ;;
esac
# Nothing waits for a copy but another one.
(
  flock -w "$data_wait" 6 || exit 75
  copy_now
) 6>>"$base/data/offsite-lock"
ended=$?
[ "$action" = scheduled ] || exit $ended
