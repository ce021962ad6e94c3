import { RECORD_FORMAT } from '../drift.js';

/** How a run ends: the live release, and the lines in history and journal. */
export const COMMIT =
  String.raw`
finish() {
  verdict=$1
  seconds=$(( $(date +%s) - started ))
  printf '{%s,"mode":"%s","started":%s,"seconds":%s,"verdict":"%s","reason":"%s","gaps":{%s}}\n' "$record" "$mode" "$started" "$seconds" "$verdict" "$(escape "$2")" "$gap" >>"$base/releases.jsonl"
  printf '{"t":%s,"end":"%s","seconds":%s,"reason":"%s","gaps":{%s}}\n' "$(date +%s)" "$verdict" "$seconds" "$(escape "$2")" "$gap" >>"$journal"
  sync "$base/releases.jsonl" "$journal" 2>/dev/null
  exit 0
}

# What app:status compares with.
note_containers() {
  timeout 120 docker ps -a --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False --format '` +
  RECORD_FORMAT +
  String.raw`' >"$work/containers" &&
    mv "$work/containers" "$release/containers"
}

make_current() {
  note_containers
  ln -s "releases/$id" "$work/current" && mv -T "$work/current" "$base/current"
}
`;
