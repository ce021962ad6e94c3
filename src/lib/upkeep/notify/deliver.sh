# shellcheck shell=sh
# Sends one message. What is secret of a receiver goes through pipes and files in $work, which is its owner's alone, and never into a list of
# processes. Each deliver_ fails with $said, why.

# include ../../app-folder/secrets/assign.sh
# include ../../app-folder/secrets/newest.sh
# value_of NAME: the newest value of a secret, in $value.
value_of() {
  value=
  newest=$(newest_secrets "$base/shared/secrets")
  [ -z "$newest" ] || eval "$(assign value "$1" "$base/shared/secrets/$newest.env")"
  [ -n "$value" ] || { said="there is no value of $1 in the VM: zebu secrets:sync"; return 1; }
}

installed() { command -v "$1" >/dev/null 2>&1 || { said="$1 is not installed in the VM: zebu vm:apply"; return 1; }; }

sum() { sha256sum | cut -c1-64; }
bytes() { perl -e 'print pack("H*", <STDIN> =~ /([0-9a-f]+)/)'; }

# hmac FILE: of its bytes, with the key in $work/key, as base64. Done by hand: every program that does it wants the key as an argument.
hmac() {
  if [ "$(wc -c <"$work/key")" -gt 64 ]; then sum <"$work/key" | bytes >"$work/key.short" && mv "$work/key.short" "$work/key"; fi
  { perl -e "$pad_program" "$work/key" 54; cat "$1"; } | sum | bytes >"$work/inner"
  { perl -e "$pad_program" "$work/key" 92; cat "$work/inner"; } | sum | bytes | base64 | tr -d '\n'
}

# A word of curl's configuration.
quoted() { printf '"%s"' "$(printf '%s' "$1" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g')"; }

# deliver_webhook TARGET KEY ID: $work/body, signed as Standard Webhooks has it.
deliver_webhook() {
  case $1 in
    *://*) url=$1 ;;
    *)
      value_of "$1" || return 1
      url=$value
      ;;
  esac
  # In one line, or curl would be told more than an address.
  case $url in
    *'
'*) said="$1 is no address" && return 1 ;;
    http://* | https://*) ;;
    *) said="$1 is no address that begins with https://" && return 1 ;;
  esac
  value_of "$2" && installed curl || return 1
  case $value in
    whsec_*) printf '%s' "${value#whsec_}" | base64 -d >"$work/key" 2>/dev/null || { said="$2 begins with whsec_, but what follows is no base64"; return 1; } ;;
    *) printf '%s' "$value" >"$work/key" ;;
  esac
  value=
  now=$(date +%s)
  { printf '%s.%s.' "$3" "$now"; cat "$work/body"; } >"$work/signed"
  signature=$(hmac "$work/signed")
  rm -f "$work/key" "$work/inner" "$work/signed"
  : >"$work/answer"
  status=$({
    printf 'url = %s\n' "$(quoted "$url")"
    printf 'header = "Content-Type: application/json"\nheader = "User-Agent: zebu"\n'
    printf 'header = "webhook-id: %s"\nheader = "webhook-timestamp: %s"\nheader = "webhook-signature: v1,%s"\n' "$3" "$now" "$signature"
  } | curl -q -s -S --globoff --proto '=http,https' --connect-timeout 10 --max-time 30 --max-filesize 100000 --data-binary "@$work/body" -o "$work/answer" -w '%{http_code}' -K - 2>"$work/error")
  ended=$?
  url=
  case $ended,$status in
    0,2??) return 0 ;;
    0,3??) said="it answered $status: a redirect is not followed" ;;
    0,*) said="it answered $status: $(head -c 200 "$work/answer" | tr '\000-\037' ' ')" ;;
    *) said="it cannot be reached: $(tail -n 1 "$work/error" | sed 's/^curl: ([0-9]*) //')" ;;
  esac
  return 1
}

# deliver_apprise NAME TYPE TITLE: the text in $work/text.
deliver_apprise() {
  value_of "$1" && installed apprise || return 1
  printf '%s\n' "$value" >"$work/urls.txt"
  value=
  # It keeps what it learns of a service in its home.
  HOME=$work timeout 90 apprise -v --config="$work/urls.txt" --notification-type="$2" --title="$3" <"$work/text" >"$work/error" 2>&1
  ended=$?
  rm -f "$work/urls.txt"
  [ $ended != 0 ] || return 0
  said=$(grep -v '^ *$' "$work/error" | grep -iE 'error|warn|fail' | tail -n 1 | sed 's/^[0-9 :,-]*[A-Z]* *-* *//')
  [ -n "$said" ] || said=$(tail -n 1 "$work/error")
  [ $ended != 124 ] || said='no answer within 90 s'
  said="apprise: ${said:-it failed without a word}"
  return 1
}

# deliver RECEIVER ID LINE: an event, as its receiver has it. Fails with $said, without secrets.
deliver() {
  receiver "$1"
  printf '%s\n' "$3" | awk -v app="$app" "$words" >"$work/said"
  type=$(sed -n 1p "$work/said") title=$(sed -n 2p "$work/said")
  sed 1,2d "$work/said" >"$work/text"
  [ -s "$work/text" ] || printf '%s\n' "$title" >"$work/text"
  said=
  case $how in
    webhook)
      at=${3#*:} at=${at%%,*}
      printf '{"version":1,"id":"%s","app":"%s","event":"%s","at":"%s","title":"%s","text":"%s","details":{%s}}' "$2" "$app" \
        "$(kind_of "$3")" "$(date -u -d "@$at" +%Y-%m-%dT%H:%M:%SZ)" "$(json_text "$title")" "$(json_text "$(cat "$work/text")")" \
        "$(printf '%s' "$3" | sed -e 's/^{"t":[0-9]*,"event":"[^"]*",\{0,1\}//' -e 's/}$//')" >"$work/body"
      deliver_webhook "$target" "$key" "$2"
      ;;
    *) deliver_apprise "$target" "$type" "$title" ;;
  esac
  ended=$?
  [ $ended = 0 ] || said=$(printf '%s\n' "$said" | mask "$app" | cut -c1-300)
  return $ended
}
