# shellcheck shell=sh
# Everything about an app, in one round trip and two starts of the Docker client.

cd "$base" 2>/dev/null && {
# include ./current-lines.sh
  printf 'record=%s\n' "$(tail -n 1 releases.jsonl 2>/dev/null)"
  live=$(readlink current 2>/dev/null) && grep -F "\"id\":\"${live##*/}\"" releases.jsonl 2>/dev/null | sed 's/^/live=/'
  sed 's/^/stopped=/' stopped 2>/dev/null
  sed 's/^/intent=/' current/intents 2>/dev/null
  sed 's/^/answered=/' current/answered 2>/dev/null
# include ./probation.sh
  ! read_probation || [ "$pr_left" = 0 ] || printf 'probation=%s %s %s\n' "$pr_id" "$pr_left" "$pr_previous"
  [ -f current/containers ] && { echo recorded=; sed 's/^/recorded=/' current/containers; }
  if [ -f watch/state ]; then
    sed 's/^/watch=/' watch/state
    sed 's/^/watch-known=/' watch/known 2>/dev/null
    sed 's/^/watch-past=/' watch/history 2>/dev/null
    sed 's/^/watch-heal=/' watch/heals 2>/dev/null
  fi
  if [ -f proofs.jsonl ]; then
    tail -n 1 proofs.jsonl | sed 's/^/proof=/'
    grep -F '"proven":true' proofs.jsonl | tail -n 1 | sed 's/^/proven=/'
  fi
  if [ -f data/proofs.jsonl ]; then
    tail -n 1 data/proofs.jsonl | sed 's/^/dump-proof=/'
    grep -F '"proven":true' data/proofs.jsonl | tail -n 1 | sed 's/^/dump-proven=/'
  fi
  if [ -d data/dumps ]; then
    newest=$(tail -n 1 data/order 2>/dev/null)
    echo "data-now=$(date +%s)"
    [ -z "$newest" ] || sed -n -e 's/^id=/data-id=/p' -e 's/^t=/data-t=/p' -e 's/^bytes=/data-bytes=/p' "data/dumps/$newest/manifest" 2>/dev/null
    sed 's/^/data-attempt=/' data/attempt data/offsite-attempt 2>/dev/null
  fi
  exec 8>>lock
  if flock -ns 8; then sed 's/^/open=/' transaction 2>/dev/null; else printf 'holder=%s\n' "$(cat holder 2>/dev/null)"; fi
  exec 8>&-
}
# include ./containers.sh
