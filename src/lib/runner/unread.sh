# shellcheck shell=sh
# What plain Compose would take otherwise: refuses what it ignores, or fails on when half of the app is replaced; says what it would read besides.

# Refuses, with $cause and $reason set, configs and secrets that Compose refuses while it replaces containers, or ignores. From
# $work/config.
check_given() {
  cause=compose-invalid reason=$(awk "$scan_all"'
    function refuse(why) { if (!((section, name) in bad)) bad[section, name] = why }
    section == "configs" || section == "secrets" {
      if (depth == 2 && key != "") name = key
      if (depth == 3 && key == "external" && value(line) == "true") refuse("is external, and Docker keeps such ones only in a swarm: give it a file, an environment variable or content")
      if (depth == 3 && key ~ /^(driver|driver_opts|template_driver)$/) refuse("has a " key ", which is for swarm: take it out")
      next
    }
    section != "services" { next }
    depth == 2 && key != "" { service = key; next }
    depth == 3 && key != "" { member = key; next }
    (member == "configs" || member == "secrets") && depth == 5 && key == "source" { given[++n] = member SUBSEP value(line); who[n] = service }
    END {
      for (i = 1; i <= n; i++) if (given[i] in bad) {
        split(given[i], part, SUBSEP)
        print "the " substr(part[1], 1, length(part[1]) - 1) " " part[2] " of " who[i] " " bad[given[i]]
        exit
      }
    }' "$work/config")
  [ -z "$reason" ]
}

# Says, a line each, what plain Compose would have read beside the only file of app.compose, and what it would have called
# the project.
unread() { ! only_file || { beside_only; named_otherwise; }; }

# Sets $first to that; fails where there is another one.
only_file() {
  # shellcheck disable=SC2086 # options, each free of blanks
  set -- $files
  first=
  for each in "$@"; do
    case $each in -f|--profile) option=$each ;; *) if [ "$option" = -f ]; then [ -z "$first" ] || return 1; first=$each; fi ;; esac
  done
  [ -n "$first" ] && [ -f "$tree/$first" ]
}
beside_only() {
  case $first in */*) beside=$tree/${first%/*} ;; *) beside=$tree ;; esac
  case ${first##*/} in
    compose.yaml|compose.yml|docker-compose.yml|docker-compose.yaml)
      for each in compose.override.yml compose.override.yaml docker-compose.override.yml docker-compose.override.yaml; do
        [ -f "$beside/$each" ] || continue
        echo "$each is not read: app.compose names $first alone, where plain docker compose reads both"
        break
      done ;;
  esac
}
named_otherwise() {
  named=$(sed -n -e 's/[[:space:]]#.*//' -e '/^name:/ { s/^name:[[:space:]]*//; s/["'"'"']//g; s/[[:space:]]*$//; p; q; }' "$tree/$first")
  [ -z "$named" ] || [ "$named" = "$project" ] || echo "name: $named in $first is not used: the project is called $project, as app.name says"
}

# Says, a line each, which services have the words of a .env of the commit in place of the secret of that name: env_file hands out what stands
# there, mostly a placeholder. From $work/config: given_openly SECRETS
given_openly() {
  [ -f "$1" ] || return 0
  for each in $environment; do
    case $each in "$directory/.env"|"$tree/.env") given_from "$each" "$1" ;; esac
  done
}
given_from() {
  awk -v open="$1" -v secrets="$2" "$scan"'
    BEGIN {
      while ((getline row < secrets) > 0) if (match(row, /^[A-Za-z_][A-Za-z0-9_]*=/)) secret[substr(row, 1, RLENGTH - 1)] = 1
      while ((getline row < open) > 0) {
        sub(/\r$/, "", row); sub(/^[ \t]*(export[ \t]+)?/, "", row)
        if (!match(row, /^[A-Za-z_][A-Za-z0-9_]*[ \t]*=/)) continue
        name = substr(row, 1, RLENGTH - 1); sub(/[ \t]+$/, "", name)
        row = substr(row, RLENGTH + 1)
        gsub(/^[ \t]+|[ \t]+(#.*)?$/, "", row)
        if (row ~ /^".*"$/ || row ~ /^\047.*\047$/) row = substr(row, 2, length(row) - 2)
        if (name in secret) says[name] = row
      }
    }
    depth == 2 && key != "" { service = key; next }
    depth == 3 && key != "" { member = key; next }
    member == "environment" && depth == 4 && (key in says) && text(value(line)) == says[key] {
      print service " is given " key " as .env of the commit has it, not the secret of that name: take it out of that file"
    }' "$work/config"
}
