# shellcheck shell=sh
# Files of the commit that containers are given: by a bind mount, or as a config or secret. Each release has
# its own folder, so that their paths would change with every deploy, replace the container, and go with the release. So the
# files are kept under a path made of their content: the same content has the same path, changed content replaces the container.

# Reads the indented JSON of "docker compose config", and writes what in it lies within the release, a line each, its fields
# separated by tabs: "mount" service path entry (its other members), "develop" service, "configs" or "secrets" name path.
placed_files() {
  awk -v top="$release/" -v OFS='\t' "$scan_all"'
    function within(path) { return index(path, top) == 1 && path !~ /\n/ }
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

# Where what is at a path is kept by its content, in $kept; fails for what is not part of the release. A link is followed, as
# Docker does. Links share the space; what a container writes there stays with that content.
keep_file() {
  real=$(readlink -f "$1") && [ -e "$real" ] || return 1
  case $real in "$(readlink -f "$release")"/*) ;; *) return 1 ;; esac
  # With the name: two folders that happen to hold the same are two.
  { echo "$1" | cut -c"$(printf '%s' "$release/" | wc -c)"-
    if [ -d "$real" ]; then tar -c --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$real" . 2>/dev/null
    else stat -c %a "$real" && cat "$real"
    fi; } | sha256sum >"$work/sum" || return 1
  kept=$base/shared/files/$(cut -c1-40 "$work/sum")
  [ -e "$kept" ] && return 0
  mkdir -p "$base/shared/files" && rm -rf "$kept.new" || return 1
  cp -al "$real" "$kept.new" 2>/dev/null || { rm -rf "$kept.new"; cp -a "$real" "$kept.new"; } || return 1
  mv -T "$kept.new" "$kept"
}

# Writes files.yml, which names those places. Compose merges it by target, and by name.
place_files() {
  placed_files <"$work/config" >"$work/placed" || return 1
  : >"$work/files"
  : >"$work/tops"
  mapped='' in_volumes=''
  tab=$(printf '\t')
  while IFS=$tab read -r kind name path entry; do
    case $kind in
      develop) yaml='    develop: !reset null' ;;
      mount)
        if [ "$path" = "$directory/.env" ] && [ -L "$path" ]; then kept=$base/shared/secrets/env_file
        else keep_file "$path" || continue
        fi
        yaml=$(printf '      - { "source": "%s",%s }' "$kept" "$entry") ;;
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
  [ -s "$work/files" ] || [ -s "$work/tops" ] || return 0
  {
    [ ! -s "$work/files" ] || { echo 'services:'; cat "$work/files"; }
    for kind in configs secrets; do
      ! grep -q "^$kind " "$work/tops" || { echo "$kind:"; sed -n "s/^$kind \(\"[^\"]*\"\) /  \1: { file: /p" "$work/tops" | sed 's/$/ }/'; }
    done
  } >"$release/files.yml"
  overlays
}

# Removes what neither a release that is there nor a container names any more; after used_releases.
prune_files() {
  [ -d "$base/shared/files" ] || return 0
  cat "$work/used" "$base"/releases/*/files.yml 2>/dev/null | grep -oE '/shared/files/[0-9a-f]{40}' | sort -u >"$work/files-needed"
  for each in "$base/shared/files"/*; do
    grep -qxF "/shared/files/$(basename "$each")" "$work/files-needed" || rm -rf "$each"
  done
}
