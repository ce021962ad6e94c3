# shellcheck shell=sh
# What is looked at. Docker is asked once a look, and for the list of containers only where one of them is gone, and now and then.

# include ../../app-folder/lock-held.sh

# One line a container: service|state|health|exit|restarts|oom|started|policy ports|name|id|digest|image.
look_at() {
  # shellcheck disable=SC2016 # a template of Docker's
  timeout 20 docker inspect --format "$container_fields"'|{{index .Config.Labels "com.docker.compose.config-hash"}}|{{.Image}}' "$@" 2>/dev/null
}

# look: sets $work/now. Fails when Docker does not answer.
look() {
  ids='' looks=0
  if [ -f ids ]; then
    looks=$(sed -n 1p ids) ids=$(sed -n 2p ids)
  fi
  looks=$((looks + 1))
  # shellcheck disable=SC2086 # ids, a word each
  if [ -n "$ids" ] && [ $((looks % 10)) != 0 ] && look_at $ids >"$work/now"; then :
  else
    ids=$(timeout 20 docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$app" --filter label=com.docker.compose.oneoff=False 2>/dev/null | tr '\n' ' ') || return 1
    if [ -z "$ids" ]; then
      # No container, or no Docker that could say so.
      timeout 20 docker version --format '{{.Server.Version}}' >/dev/null 2>&1 || return 1
      : >"$work/now"
    # One that goes meanwhile is not there.
    else
      # shellcheck disable=SC2086 # ids, a word each
      look_at $ids >"$work/now" || [ -s "$work/now" ] || return 1
    fi
  fi
  printf '%s\n%s\n' "$looks" "$ids" >ids
}

# The disk, where it is full by $disk percent; a little less where that was told, so that it is not told with every file.
look_at_disk() {
  # shellcheck disable=SC2154 # set by whoever puts this in front
  limit=$disk
  ! grep -q '^disk	' known 2>/dev/null || limit=$((disk - 2))
  df -Pk / /var/lib/docker 2>/dev/null | awk -v limit="$limit" '
    NR > 1 && !($6 in seen) {
      seen[$6] = 1
      used = $5 + 0
      if (used >= limit) said = said (said == "" ? "" : "; ") $6 " is " used " % full, " int($4 / 1024) " MiB are left"
    }
    END { if (said != "") print "disk\tdisk\t\t" said }'
}

# Backups, where the last one that was restored to see whether it comes back is longer ago than prove.max_age; and dumps, where they are
# made by the VM itself or one was ever tried. One matter: that both are in order ends it.
look_at_proof() {
  # shellcheck disable=SC2154 # set by whoever puts this in front
  [ "$proof_age" -gt 0 ] || return 0
  said=$(
    judge_proof "$base/proofs.jsonl" backup
    # shellcheck disable=SC2154 # set by whoever puts this in front
    if [ "$prove_dumps" = 1 ] || [ -f "$base/data/proofs.jsonl" ]; then judge_proof "$base/data/proofs.jsonl" dump; fi
  )
  [ -z "$said" ] || printf 'proof\tproof\t\t%s\n' "$(printf '%s\n' "$said" | tr '\n' ';' | sed -e 's/;$//' -e 's/;/; /g')"
}
# judge_proof FILE WHAT
judge_proof() {
  # As each `date` reads it: 2026-11-29 12:00:00.
  at=$(grep -F '"proven":true' "$1" 2>/dev/null | tail -n 1 | sed -n 's/.*"at":"\([0-9-]*\)T\([0-9:]*\)[.Z].*/\1 \2/p')
  if [ -z "$at" ]; then echo "no $2 was proven yet"
  elif at=$(date -u -d "$at" +%s) && [ $(($(date +%s) - at)) -gt "$proof_age" ]; then
    echo "the last $2 was proven $(date -u -d "@$at" '+%Y-%m-%d %H:%M') UTC"
  fi
}

look_at_reboot() {
  [ -e /run/reboot-required ] || return 0
  printf 'reboot\treboot\t\t%s\n' "$(sort -u /run/reboot-required.pkgs 2>/dev/null | head -n 5 | tr '\n' ' ' | sed -e 's/^./for &/' -e 's/ $//')"
}

# From when until when a certificate is valid, of what openssl says of it, "notBefore=Nov 29 12:00:00 2026 GMT": FROM|UNTIL, in the one
# spelling that each `date` reads.
certificate_times() {
  awk -F'[= ]+' '
    { printf "%s%s-%02d-%02d %s", bar, $5, (index("JanFebMarAprMayJunJulAugSepOctNovDec", $2) + 2) / 3, $3, $4; bar = "|" }'
}

# Certificates of the front proxy, once an hour: those of which less than a fifth of their time is left. A third before the end it
# renews them; a file it does not.
look_at_certificates() {
  # shellcheck disable=SC2154 # set by whoever puts this in front
  [ -n "$domains" ] && command -v openssl >/dev/null 2>&1 || return 0
  now=$(date +%s) asked=0
  [ ! -f certificates ] || read -r asked <certificates
  if [ $((now - asked)) -ge 3600 ]; then
    {
      echo "$now"
      for domain in $domains; do
        # shellcheck disable=SC2154 # set by whoever puts this in front
        dates=$(timeout 10 openssl s_client -connect "127.0.0.1:$https_port" -servername "$domain" </dev/null 2>/dev/null | openssl x509 -noout -dates 2>/dev/null | certificate_times)
        from=$(date -u -d "${dates%|*}" +%s 2>/dev/null) || continue
        until=$(date -u -d "${dates#*|}" +%s 2>/dev/null) || continue
        ends="that of $domain ends $(date -u -d "@$until" '+%Y-%m-%d %H:%M') UTC"
        # shellcheck disable=SC2154 # set by whoever puts this in front
        if [ "$own_certificate" != 1 ]; then [ $(((until - now) * 5)) -ge $((until - from)) ] || echo "$ends and was not renewed"
        # As a deploy says it of the file, which is renewed elsewhere.
        elif [ $((until - now)) -lt 1209600 ] && [ $(((until - now) * 3)) -lt $((until - from)) ]; then echo "$ends: deploy a new one"
        fi
      done
    } >certificates.new && mv certificates.new certificates
  fi
  said=$(sed 1d certificates | tr '\n' ';' | sed -e 's/;$//' -e 's/;/; /g')
  [ -z "$said" ] || printf 'certificate\tcertificate\t\t%s\n' "$said"
}
