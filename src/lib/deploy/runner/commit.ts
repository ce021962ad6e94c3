/** How a run ends: the live release, and the lines in history and journal. */
export const COMMIT = String.raw`
finish() {
  verdict=$1
  seconds=$(( $(date +%s) - started ))
  printf '{%s,"mode":"%s","started":%s,"seconds":%s,"verdict":"%s","reason":"%s"}\n' "$record" "$mode" "$started" "$seconds" "$verdict" "$(escape "$2")" >>"$base/releases.jsonl"
  printf '{"t":%s,"end":"%s","seconds":%s,"reason":"%s"}\n' "$(date +%s)" "$verdict" "$seconds" "$(escape "$2")" >>"$journal"
  sync "$base/releases.jsonl" "$journal" 2>/dev/null
  exit 0
}

make_current() {
  ln -s "releases/$id" "$work/current" && mv -T "$work/current" "$base/current"
}
`;
