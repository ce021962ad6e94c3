# shellcheck shell=sh
# The release as Compose reads it: the indented JSON of `docker compose config`, read line by line with awk because the
# VM need not have anything that parses JSON.

# Read once into $work/config, for each start of Compose costs a second on a small machine. What zebu adds later changes
# neither services nor mounts. Holds secrets; $work is its owner's alone.
read_config() {
  [ ! -s "$work/config" ] || return 0
  if compose config --format json </dev/null >"$work/config" 2>"$work/error" && as_spelled "$work/config"; then return; fi
  rm -f "$work/config"
  return 1
}

# A mount in the long form with a target such as /data/ is printed as /data, and merged by what was written: what zebu adds for /data would
# be one more, beside that of the folder of the release. Puts into a configuration what was written: as_spelled FILE [OPTION...], with the
# options that Compose was asked with.
as_spelled() {
  compose_says "target[\"']?[[:space:]]*:[^,}]*(/[/.]|/[\"' ,}]|/[[:space:]]*\$|[\$])" || return 0
  spelled_=$1
  shift
  compose "$@" config --no-normalize --format json </dev/null >"$work/spelled" 2>/dev/null || return 0
  LC_ALL=C awk '
    function clean(path) {
      gsub(/\/(\.?\/)+/, "/", path)
      sub(/\/\.?$/, "", path)
      return path
    }
    # Also of lines that nobody below sees.
    FILENAME == ARGV[1] { printed[++n] = $0 }'"$scan_all"'
    section != "services" { next }
    depth == 2 && key != "" { service = key; next }
    depth == 3 && key != "" { member = key; next }
    member != "volumes" || depth != 5 || key != "target" { next }
    FILENAME == ARGV[1] { at[service, ++count[service]] = n; next }
    {
      nth = at[service, ++seen[service]]
      as = printed[nth]
      if (value(as) == value(line) || value(as) != clean(value(line))) next
      end = (as ~ /,$/) ? "\"," : "\""
      sub(/[^ ].*/, "", as)
      printed[nth] = as "\"target\": \"" value(line) end
    }
    END { for (i = 1; i <= n; i++) print printed[i] }' "$spelled_" "$work/spelled" >"$spelled_.new" && mv "$spelled_.new" "$spelled_"
}

# The beginning of an awk program that reads it: each further rule sees a line with its section, depth, and its key where it
# has one. text() is what a string of it says, Compose's own doubled dollars taken back. Of
# control characters it says that one is there: nothing goes by such a path.
# shellcheck disable=SC2016 # a template of Docker's, or another shell's words
scan_all='
    function value(text) { sub(/^[^:]*": /, "", text); sub(/,$/, "", text); gsub(/^"|"$/, "", text); return text }
    function text(body,   out, at, c) {
      gsub(/[$][$]/, "$", body)
      out = ""
      while ((at = index(body, "\\")) > 0) {
        out = out substr(body, 1, at - 1)
        c = substr(body, at + 1, 1)
        if (c == "u") {
          c = substr(body, at + 2, 4)
          out = out (c == "003c" ? "<" : c == "003e" ? ">" : c == "0026" ? "&" : c ~ /^00[01]/ ? "\001" : "?")
          body = substr(body, at + 6)
          continue
        }
        out = out (c == "n" ? "\n" : c == "t" ? "\t" : c ~ /[rbf]/ ? "\001" : c)
        body = substr(body, at + 2)
      }
      return out body
    }
    {
      match($0, /^ */); depth = RLENGTH / 2
      line = substr($0, RLENGTH + 1)
      key = ""
      if (line ~ /^"([^"\\]|\\.)*": /) { key = line; sub(/^"/, "", key); sub(/": .*$/, "", key) }
    }
    depth == 1 && key != "" { section = key; next }
'
# The same for the lines of "services" alone.
scan=$scan_all'
    section != "services" { next }
'

# Behind it, for which images are built here: names (services, in order), image and builds, by service. find_builders() gives who builds
# each image: of several services that build one, the first does it for all.
scan_images=$scan'
    depth == 2 && key != "" { service = key; names[++n] = service; image[service] = project "-" service; next }
    depth == 3 && key == "image" { image[service] = value(line) }
    depth == 3 && key == "build" { builds[service] = 1 }
    function find_builders(   i) { for (i = n; i >= 1; i--) if (names[i] in builds) builder[image[names[i]]] = names[i] }
'
