# shellcheck shell=sh
# Dumps and a deploy: one before the switch, where it is asked for; and none is cut short by the switch.

dump_says() { note wait "the dump of $1"; }

# A dump that is under way ends first. await_dump SECONDS: fails with $cause and $reason.
await_dump() {
  [ -e "$base/data/lock" ] || return 0
  if flock -s -n "$base/data/lock" true; then return 0; fi
  note wait 'the dump that is under way to end'
  flock -s -w "$1" "$base/data/lock" true || { cause=data-busy reason="a dump is under way, for longer than $1 s"; return 1; }
}

# From here on what runs is replaced, and no dump begins. begin_switch SECONDS: for one that began just before that was said. What is
# longer under way than that is of two states, and is not kept: a person may be in trouble. Fails with $cause and $reason, and nothing is changed.
begin_switch() {
  phase switch || { cause=no-space reason='no space left in the VM'; return 1; }
  # By itself: what it says of a dump is no reason of the run's.
  (await_dump "$1") && return 0
  note output "the dump that is under way is waited for no longer, and will not be kept"
  touch "$base/data/overtaken" 2>/dev/null || rm -rf "$base/data/making"
  return 0
}

# What `migrations` means: where something changes the data before the release runs, or a service that others wait for to complete.
migrates() { [ -n "$release_service" ] || has_awaited; }

wants_dump() {
  [ -n "$previous" ] || return 1
  case $dump_when in
    always) ;;
    migrations) migrates ;;
    *) return 1 ;;
  esac
}

# take_dump WHY: sets $dump_made, to nothing where there is nothing to dump. Fails with $cause and $reason.
take_dump() {
  begin dump ''
  if with_dump_lock "$data_timeout" dump_and_say "$1"; then
    read -r dump_made <"$work/dump" || :
    return 0
  fi
  cause=data-busy reason='a dump is under way'
  [ ! -s "$work/dump" ] || { IFS= read -r cause; IFS= read -r reason; } <"$work/dump"
  return 1
}

# Fails with $cause and $reason: without the dump that was asked for nothing is switched.
dump_before() {
  wants_dump || return 0
  take_dump deploy || return 1
  if [ -n "$dump_made" ]; then note "done" "dump $dump_made: zebu data:restore $dump_made"; else note "done" 'there is nothing to dump'; fi
}

# dump_and_say WHY: a process of its own, for the lock; what came of it is in $work/dump.
dump_and_say() {
  who=$(sed -n 's/.*"who":"\([^"]*\)".*/\1/p' "$base/holder" 2>/dev/null) from=$(sed -n 's/.*"from":"\([^"]*\)".*/\1/p' "$base/holder" 2>/dev/null)
  umask 077
  if make_dump "$1" "$who" "$from"; then echo "$dump_id" >"$work/dump"; return 0; fi
  printf '%s\n%s\n' "$cause" "$reason" >"$work/dump"
  return 1
}

# Whether what is brought up changes the data: then going back to the release before leaves it changed.
note_migration() { [ -z "$previous" ] || ! has_awaited || migrated=1; }
