# shellcheck shell=sh
# Files of the commit that containers are given: by a bind mount, or as a config or secret. Each release has
# its own folder, so that their paths would change with every deploy, replace the container, and go with the release. So the
# files are kept under a path made of their content: the same content has the same path, changed content replaces the container.

# Reads the indented JSON of "docker compose config", and writes what in it lies within the release, a line each, its fields
# separated by tabs: "mount" service path entry (its other members), "develop" service, "configs" or "secrets" name path.
placed_files() {
  awk -v top="$release/" -v current="$base/current/" -v OFS='\t' "$scan_all"'
    # Also by the name of what is live: it is of this release, whatever is live by then.
    function within(path) { return (index(path, top) == 1 || index(path, current) == 1) && path !~ /\n/ }
    section == "configs" || section == "secrets" {
      if (depth == 2 && key != "") name = key
      if (depth == 3 && key == "file" && within(text(value(line)))) print section, name, text(value(line))
      next
    }
    section != "services" { next }
    depth == 2 && key != "" { service = key; next }
    depth == 3 && key != "" { member = key; if (key == "develop") print "develop", service; next }
    member != "volumes" { next }
    depth == 4 && line ~ /^\{/ { type = source = entry = "" }
    depth == 5 && key == "type" { type = value(line) }
    depth == 5 && key == "source" { source = text(value(line)); next }
    depth >= 5 { entry = entry " " line }
    depth == 4 && line ~ /^\}/ && type == "bind" && within(source) { print "mount", service, source, entry }'
}

# A name made of a path and what is there: sum_of PATH WHERE
sum_of() {
  { printf '%s\n' "$1"
    if [ -d "$2" ]; then tar -c --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$2" . 2>/dev/null
    else stat -c %a "$2" && cat "$2"
    fi; } | sha256sum | cut -c1-40
}

# The name of what the release has at a path. Two folders that happen to hold the same are two.
content_name() { sum_of "${1#"$release"}" "$(readlink -f "$1")"; }

# A string of YAML for Compose.
yaml_string() { printf '%s\n' "$1" | sed -e 's/[\\"]/\\&/g' -e 's/[$]/$$/g' -e 's/.*/"&"/'; }

# Where data is mounted within what is kept there has to be something, too.
make_places() {
  awk -F '\t' -v source="$1" '$1 == "nested" && $2 == source { print $4 }' "$work/decided" 2>/dev/null | while IFS= read -r inner; do
    [ -e "$kept/$inner" ] || as_needed mkdir -p "$kept/$inner" || exit 1
  done
}

# Whether what is kept is still what the commit has: somebody may have edited it in the VM, there or in the folder of the release that it
# shares it with. Places for what is mounted within may have been added: same_content REAL KEPT
same_content() {
  [ -d "$1" ] || { cmp -s "$1" "$2"; return; }
  LC_ALL=C diff -qr --no-dereference "$1" "$2" >"$work/edited" 2>/dev/null && return 0
  ! grep -qvF -e "Only in $2" "$work/edited" && [ "$(find "$1" ! -type d | wc -l)" = "$(find "$2" ! -type d | wc -l)" ]
}

another_name() { printf '%s' "$sum" | sha256sum | cut -c1-40; }

# Sets $kept to what $sum names. Whether it is, or can be, what is at $real: fits PATH [WRITTEN]
fits() {
  kept=$base/shared/files/$sum
  # It became data.
  [ ! -L "$kept" ] || return 1
  if [ ! -e "$kept" ]; then
    # Its containers have what is gone, as long as they have the same path. What has another name keeps that.
    ! grep -qsF "/shared/files/$sum" "$base/releases/$previous/files.yml" && [ ! -e "$base/shared/files/$(another_name)" ]
  elif [ -z "$2" ] && ! same_content "$real" "$kept"; then
    logged echo ".${1#"$release/tree"} was edited in the VM, in $kept: this release has what the commit has"
    return 1
  fi
}

# Where what is at a path is kept by its content, in $kept; fails for what is not part of the release. A link is followed, as
# Docker does. Links share the space with the release; what services may write to is theirs alone: keep_file PATH [WRITTEN]
keep_file() {
  real=$(readlink -f "$1") && [ -e "$real" ] || return 1
  top=$(readlink -f "$release")
  case $real in "$top"/*) ;; *) return 1 ;; esac
  sum=$(content_name "$1")
  while ! fits "$@"; do sum=$(another_name); done
  if [ ! -e "$kept" ]; then
    mkdir -p "$base/shared/files" && rm -rf "$kept.new" || return 1
    if [ -n "$2" ] || ! cp -al "$real" "$kept.new" 2>/dev/null; then
      rm -rf "$kept.new"
      cp -a --reflink=auto "$real" "$kept.new" || return 1
    fi
    mv -T "$kept.new" "$kept" || return 1
  fi
  make_places "$1" || return 1
  [ -n "$2" ] || return 0
  [ -e "$base/shared/writable/$sum" ] || { mkdir -p "$base/shared/writable" && printf '%s\n' "${1#"$release"}" >"$base/shared/writable/$sum"; } || return 1
  case $real in "$top/tree/"*) printf '%s\t%s\n' "$sum" "${real#"$top/tree/"}" >>"$work/kept" ;; esac
}

# The outermost folder that services may write to and that a path is part of, for both to be the same files; nothing for none.
# The whole repository counts for none: where services may write to it, it is data.
outer_of() {
  LC_ALL=C path=$1 awk -v top="$release/tree" 'BEGIN { path = ENVIRON["path"] } $0 != top && index(path, $0 "/") == 1 && (found == "" || length($0) < length(found)) { found = $0 } END { print found }' "$work/written"
}

# Writes files.yml, which names those places. Compose merges it by target, and by name.
place_files() {
  placed_files <"$work/config" >"$work/placed" || return 1
  [ -s "$work/placed" ] || return 0
  : >"$work/files"
  : >"$work/tops"
  : >"$work/kept"
  grep '^mount' "$work/placed" | grep -v '"read_only": true' | cut -f 3 | sed "s|^$base/current/|$release/|" | sort -u >"$work/written"
  # What is data has its place already.
  awk -F '\t' '$1 == "place" { print $2 }' "$work/decided" >"$work/as-data" 2>/dev/null
  mapped='' in_volumes=''
  tab=$(printf '\t')
  while IFS=$tab read -r kind name path entry; do
    asked=$path
    case $path in "$base/current/"*) path=$release${path#"$base/current"} ;; esac
    case $kind in
      develop) yaml='    develop: !reset null' ;;
      mount)
        if [ "${path##*/}" = .env ] && linked_env_file "$path"; then kept=$base/shared/secrets/env_file
        elif grep -qxF -e "$asked" "$work/as-data"; then continue
        elif outer=$(outer_of "$path") && [ -n "$outer" ]; then
          keep_file "$outer" written || continue
          bring_files "${outer#"$release/tree/"}" "$kept" || return 1
          kept=$kept${path#"$outer"}
        elif grep -qxF -e "$path" "$work/written"; then
          keep_file "$path" written || continue
          [ ! -d "$kept" ] || bring_files "${path#"$release/tree/"}" "$kept" || return 1
        else keep_file "$path" || continue
        fi
        yaml=$(printf '      - { "source": %s,%s }' "$(yaml_string "$kept")" "$entry") ;;
      *)
        keep_file "$path" || continue
        printf '%s "%s" "%s"\n' "$kind" "$name" "$kept" >>"$work/tops"
        continue ;;
    esac
    [ "$mapped" = "$name" ] || { printf '  "%s":\n' "$name" >>"$work/files"; in_volumes=; }
    mapped=$name
    [ "$kind" != mount ] || [ -n "$in_volumes" ] || { echo '    volumes:' >>"$work/files"; in_volumes=1; }
    printf '%s\n' "$yaml" >>"$work/files"
  done <"$work/placed"
  [ ! -s "$work/kept" ] || sort -u "$work/kept" >"$release/kept" || return 1
  [ -s "$work/files" ] || [ -s "$work/tops" ] || return 0
  {
    [ ! -s "$work/files" ] || { echo 'services:'; cat "$work/files"; }
    for kind in configs secrets; do
      ! grep -q "^$kind " "$work/tops" || { echo "$kind:"; sed -n "s/^$kind \(\"[^\"]*\"\) /  \1: { file: /p" "$work/tops" | sed 's/$/ }/'; }
    done
  } >"$release/files.yml"
  overlays
}

# Whether services wrote something there that would go with it. Once that is known it is not asked again.
holds_writing() {
  as=$base/shared/writable/${1##*/}
  [ -e "$as" ] || return 1
  ! tail -n 1 "$as" | grep -qx written || return 0
  [ "$(sum_of "$(cat "$as")" "$1")" != "${1##*/}" ] || return 1
  # Where there is no room for the word it is so all the same.
  echo written >>"$as" || :
  return 0
}

# Removes what neither a release that is there nor a container names any more; after used_releases. What services have
# written to stays, as it does in a checkout.
prune_files() {
  [ -d "$base/shared/files" ] || return 0
  cat "$work/uses" "$work/volumes" "$base"/releases/*/files.yml 2>/dev/null | grep -oE '/shared/files/[0-9a-f]{40}' | sort -u >"$work/files-needed"
  for each in "$base/shared/files"/*; do
    grep -qxF "/shared/files/$(basename "$each")" "$work/files-needed" && continue
    # A link leads to data.
    [ -L "$each" ] || ! holds_writing "$each" || continue
    rm -rf "$each" "$base/shared/writable/${each##*/}"
  done
}
