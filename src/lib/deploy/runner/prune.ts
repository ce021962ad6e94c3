/** What a deploy removes. */
export const PRUNE = String.raw`
# Keeps the newest releases and the live one; images nothing kept refers to go with the others.
prune() {
  begin prune ''
  live=$(readlink "$base/current" | sed 's|.*/||')
  ls -1 "$base/releases" | sort -r | awk -v keep="$keep" -v live="$live" '$0 == live { next } ++n >= keep' >"$work/old"
  while read -r old; do rm -rf "$base/releases/$old" "$base/journals/$old.jsonl"; done <"$work/old"
  cat "$base"/releases/*/images.yml 2>/dev/null | sed -n 's/^ *image: "\(.*\)"$/\1/p' | sort -u >"$work/needed"
  timeout 120 docker image ls --format '{{.Repository}}:{{.Tag}}' --filter "reference=zebu/$project-*" | sort -u | comm -23 - "$work/needed" >"$work/unused"
  [ -s "$work/unused" ] && timeout 300 docker image rm $(cat "$work/unused") >/dev/null 2>&1
  [ -s "$work/old" ] && timeout 300 docker image prune -f --filter "label=com.docker.compose.project=$project" >/dev/null 2>&1
  note done "$(wc -l <"$work/old") old releases removed"
}
`;
