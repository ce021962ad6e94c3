/** The journal: one JSON line a step, one for each line of output of what a step runs. */
export const JOURNAL = String.raw`
# One JSON string body: quotes, backslashes, and control characters.
escape() { printf '%s' "$1" | tr '\000-\037' ' ' | LC_ALL=C sed -f "$masks" -e 's/\\/\\\\/g' -e 's/"/\\"/g'; }
note() { printf '{"t":%s,"step":"%s","state":"%s","detail":"%s"}\n' "$(date +%s)" "$step" "$1" "$(escape "$2")" >>"$journal"; }
begin() { step=$1; note begin "$2"; }

# Runs a command with its output in the journal, one sed for all of it, and keeps its exit status.
logged() {
  { "$@" 2>&1 9>&-; echo $? >"$work/status"; } </dev/null |
    LC_ALL=C sed -u -f "$masks" -e 's/\x1b\[[0-9;]*[A-Za-z]//g' -e 's/[[:cntrl:]]/ /g' -e 's/\\/\\\\/g' -e 's/"/\\"/g' \
      -e 's/.*/{"step":"'"$step"'","line":"&"}/' >>"$journal"
  return "$(cat "$work/status")"
}
`;
