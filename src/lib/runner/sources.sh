# shellcheck shell=sh
# Every path that a Compose project names within what zebu manages, and what is there: the facts that are judged in
# mounts.sh, once per path for the whole project.

# Reads the indented JSON of "docker compose config", and writes what it names within the app's folder, shared/ left out. A
# line each, its fields separated by tabs:
#   bind     service  rw|ro  source  target
#   volume   name     name in Docker  device       a local volume that is a bind mount of a folder
#   mounted  service  rw|ro  name    target        such a volume in a service; there may be others among them
#   option   name     key=value                    what else a driver is told
#   file     configs|secrets  name   path
# A path that cannot stand in such a line is "bad" with its owner.
path_uses() {
  LC_ALL=C awk -v base="$base" -v release="$release" -v OFS='\t' "$scan_all"'
    function below(path, top) { return path == top || index(path, top "/") == 1 }
    function ours(path) { return (below(path, base) || below(path, release)) && !below(path, base "/shared") }
    function odd(owner, path) { if (path !~ /[\001-\037\177]/) return 0; print "bad", owner; return 1 }
    function bind_options(list,   part, n) {
      n = split(list, part, ",")
      for (; n > 0; n--) if (part[n] ~ /^r?bind$/) return 1
      return 0
    }
    function volume_ends(   option, local) {
      local = driver == "" || driver == "local"
      for (option in options) {
        if (!ours(options[option]) && index(options[option], base "/") == 0 && index(options[option], release "/") == 0) continue
        if (odd("the volume " name, options[option])) continue
        if (option == "device" && local && bind_options(options["o"]) && ours(options[option])) print "volume", name, known, options[option]
        else if (!below(options[option], base "/shared")) print "option", name, option "=" options[option]
      }
      name = ""
      split("", options)
    }
    section == "configs" || section == "secrets" {
      if (depth == 2 && key != "") name = key
      if (depth == 3 && key == "file") {
        path = text(value(line))
        if (ours(path) && !odd("the file of " name " in " section, path)) print "file", section, name, path
      }
      next
    }
    section == "volumes" {
      if (depth == 2 && key != "") { name = key; known = key; driver = ""; member = "" }
      if (depth == 3 && key != "") {
        member = key
        if (key == "name") known = text(value(line))
        if (key == "driver") driver = value(line)
      }
      if (depth == 4 && member == "driver_opts" && key != "") options[key] = text(value(line))
      if (depth == 2 && line ~ /^\}/) volume_ends()
      next
    }
    section != "services" { next }
    depth == 2 && key != "" { service = key; next }
    depth == 3 && key != "" { member = key; next }
    member != "volumes" { next }
    depth == 4 && line ~ /^\{/ { type = source = target = ""; mode = "rw" }
    depth == 5 && key == "type" { type = value(line) }
    depth == 5 && key == "source" { source = text(value(line)) }
    depth == 5 && key == "target" { target = text(value(line)) }
    depth == 5 && key == "read_only" && line ~ /true/ { mode = "ro" }
    depth == 4 && line ~ /^\}/ {
      if (type == "bind" && ours(source) && !odd("a mount of " service, source target)) print "bind", service, mode, source, target
      if (type == "volume" && source != "" && !odd("a volume of " service, source target)) print "mounted", service, mode, source, target
    }'
}

# What only keeps a folder in a commit: all that is found without the condition is something else.
placeholders='( -name .gitkeep -o -name .gitignore -o -name .gitattributes -o -name .keep -o -name .empty -o -name .placeholder -o -name .hgkeep -o -type f -name .* -size 0 )'

# Prints one file in a folder that is there for more than to keep it, or why that cannot be seen.
# shellcheck disable=SC2086 # a condition of find
one_file() { ( set -f; find "$1" ! -type d ! $placeholders 2>&1 ) | head -n 1; }

# What there is at a path: content (of the commit, or made by a hook), hollow (a folder that something only keeps there), empty (a
# file without a byte), or missing.
state_of() {
  if [ -d "$1" ]; then [ -n "$(one_file "$1/")" ] && echo content || echo hollow
  elif [ -s "$1" ] || { [ -e "$1" ] && [ ! -f "$1" ]; }; then echo content
  elif [ -e "$1" ]; then echo empty
  else echo missing
  fi
}

# The same of what is kept for it: data, empty or missing.
kept_of() {
  if [ -d "$1" ]; then [ -n "$(one_file "$1/")" ] && echo data || echo empty
  elif [ -s "$1" ]; then echo data
  elif [ -e "$1" ] || [ -L "$1" ]; then echo empty
  else echo missing
  fi
}

was_data() { grep -qsxF -e "$1" "$base/shared/data-names"; }

# The same of a folder that the commit has something in: what is kept for a path within it, now or by an earlier release, does
# not make data of it. kept_itself NAME, with the names of all paths in $work/names-now
kept_itself() {
  if grep -qsxF -e "$1" "$base/shared/data-names"; then
    # What was data stays data, also while there is nothing in it yet, or no more.
    if [ -d "$base/shared/mounts/$1" ]; then echo data; else kept_of "$base/shared/mounts/$1"; fi
    return
  fi
  inner=$(cat "$work/names-now" "$base/shared/data-names" 2>/dev/null | LC_ALL=C awk -v outer="$1/" 'index($0, outer) == 1' | sort -u | sed 's/[][*?\\]/\\&/g')
  set --  "$1"
  while IFS= read -r each; do
    [ -z "$each" ] || set -- "$@" -path "$base/shared/mounts/$each" -prune -o
  done <<INNER
$inner
INNER
  kept=$base/shared/mounts/$1
  shift
  # shellcheck disable=SC2086 # a condition of find
  if [ ! -d "$kept" ]; then kept_of "$kept"
  elif [ -n "$( ( set -f; find "$kept" "$@" ! -type d ! $placeholders -print 2>&1 ) | head -n 1)" ]; then echo data
  else echo missing
  fi
}

# Where a path leads: links of the commit are followed, as Docker does.
real_path() {
  case $1 in
    "$base/current/"*) printf '%s\n' "$1" | sed "s|^$base/current|$release|" ;;
    *)
      if [ -z "$links" ]; then printf '%s\n' "$1"
      else readlink -m "$1" | sed "s|^$(readlink -f "$release")/|$release/|"
      fi ;;
  esac
}

# The name that a path of the release has among data: "." for the repository itself.
data_name() { case $1 in "$release/tree") echo . ;; *) printf '%s\n' "${1#"$release/tree/"}" ;; esac; }

# Whether a path, or what it lies in, has been kept by itself.
was_own() {
  up_=$1
  while ! was_data "$up_"; do
    case $up_ in */*) up_=${up_%/*} ;; *) return 1 ;; esac
  done
}

# Once services may write to all of the repository, what is not kept by itself is kept with it, mounted or not. Sets $home and $kept.
kept_with_all() {
  if ! was_data .; then [ "$kept" != missing ] || home=none; return; fi
  if [ -e "$base/shared/repository/$name" ] || [ -L "$base/shared/repository/$name" ]; then
    if [ "$state" = content ]; then kept=data; else kept=$(kept_of "$base/shared/repository/$name"); fi
  elif [ "$kept" != missing ]; then return
  fi
  home=whole
}

# Whether services may write to all of the repository, by the lines of path_uses.
writes_whole() {
  LC_ALL=C awk -F '\t' -v tree="$release/tree" -v current="$base/current/tree" '
    (($1 == "bind" && $3 == "rw") || $1 == "volume") && ($4 == tree || $4 == current) { found = 1 } END { exit !found }' "$work/uses" 2>/dev/null
}

# Whether that is so, and was not with what is live, which has folders and files of its commit that services may write to, each by itself.
newly_whole() {
  [ -n "$previous" ] && [ -s "$base/releases/$previous/kept" ] && ! grep -qs '^[.]	' "$base/releases/$previous/tended" && writes_whole
}

# Such a folder, by its name; nothing where there is none: kept_before NAME
kept_before() {
  [ -s "$base/releases/$previous/kept" ] || return 0
  while IFS='	' read -r kept_ name_; do
    if [ "$name_" != "$1" ] || [ ! -d "$base/shared/files/$kept_" ] || [ -L "$base/shared/files/$kept_" ]; then continue; fi
    printf '%s\n' "$base/shared/files/$kept_"
    return
  done <"$base/releases/$previous/kept"
}

# How services have what a path lies in, where one of them may write to that path by itself: "rw" where one may write to all of it, "ro" where
# nobody may; nothing for any other path. By the lines of path_uses: around PATH
around() {
  LC_ALL=C path=$1 awk -F '\t' '
    BEGIN { path = ENVIRON["path"] }
    $1 != "bind" { next }
    $4 == path && $3 == "rw" { written = 1 }
    index(path, $4 "/") == 1 && how != "rw" { how = $3 }
    END { if (written && how != "") print how }' "$work/uses" 2>/dev/null
}

# What is kept by itself is a part of the repository for who has all of it, mounted or not: paths, as those on standard input.
own_parts() {
  if was_data . || writes_whole; then
    while IFS= read -r each; do
      if [ "$each" != . ] && { [ -e "$base/shared/mounts/$each" ] || [ -L "$base/shared/mounts/$each" ]; }; then printf '%s\n' "$release/tree/$each"; fi
    done <"$base/shared/data-names"
  fi
  [ -z "$newly" ] || while IFS='	' read -r _ each; do
    if [ "$each" != . ] && [ -n "$(kept_before "$each")" ]; then printf '%s\n' "$release/tree/$each"; fi
  done <"$base/releases/$previous/kept"
} 2>/dev/null

# For each path on standard input, separated by tabs: the path, where it leads, its name under shared/mounts, what is there
# (state_of; elsewhere: not ours; forbidden: outside the repository), what is kept for it, and where that is: own (in
# shared/mounts, by itself), whole (in shared/repository, with all of it), or none.
path_facts() {
  : >"$work/carried"
  links=$(find "$release/tree" -type l ! -name .env 2>/dev/null | head -n 1)
  newly=''
  ! newly_whole || newly=1
  cat >"$work/sources"
  if grep -qxF -e "$release/tree" "$work/sources"; then
    own_parts >"$work/parts"
    LC_ALL=C awk -v known="$work/sources" 'BEGIN { while ((getline row < known) > 0) said[row] = 1 } !said[$0]++' "$work/parts" >"$work/parts-too"
    cat "$work/parts-too" >>"$work/sources"
  fi
  while IFS= read -r source; do real_path "$source"; done <"$work/sources" | sed -n "s|^$release/tree/||p" >"$work/names-now"
  while IFS= read -r source; do
    real=$(real_path "$source")
    name=- state=forbidden kept=missing
    # shellcheck disable=SC2015 # it is for either of them
    case $real in
      "$release"|"$release/") ;;
      # What zebu made of settings and secrets.
      "$directory/.env") linked_env_file && state=elsewhere || { name=.env state=content; } ;;
      "$tree/.env") linked_env_file "$real" && state=elsewhere || { name=${real#"$release/tree/"} state=; } ;;
      "$release/tree/"*) name=$(printf '%s' "$real" | sed "s|^$release/tree/||") state= ;;
      "$release/tree") name=. state= ;;
      # Beside the repository there is nothing but what zebu keeps of the release.
      "$release/"*) name=$(printf '%s' "$real" | sed "s|^$release/||") state=missing ;;
      "$base/shared/"*) state=elsewhere ;;
      "$base"|"$base/"*) ;;
      *) state=elsewhere ;;
    esac
    [ -n "$state" ] || state=$(state_of "$real")
    home=own
    case $name/$state in
      -/*) ;;
      ./*) if was_data .; then kept=data; fi ;;
      */content) kept=$(kept_itself "$name") ;;
      *) kept=$(kept_of "$base/shared/mounts/$name") ;;
    esac
    from=
    case $real in
      "$release/tree/"*)
        if ! was_own "$name"; then
          [ -z "$newly" ] || from=$(kept_before "$name")
          [ -n "$from" ] || kept_with_all
        fi ;;
    esac
    if [ -z "$from" ] && [ "$state/$kept" = content/missing ] && [ -d "$real" ]; then
      # Who has what it lies in is to see what is written there, and what was written before that was mounted, too.
      around_=$(around "$source")
      [ -z "$around_" ] || from=$(kept_before "$name")
      [ "$around_" != ro ] || kept=data home=own
      [ -n "$from" ] || [ "$kept" = data ] || from=$(written_before "$name" "$source")
    fi
    [ -z "$from" ] || { kept=data home=own; printf '%s\t%s\n' "$name" "$from" >>"$work/carried"; }
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$source" "$real" "$name" "$state" "$kept" "$home"
  done <"$work/sources"
}
