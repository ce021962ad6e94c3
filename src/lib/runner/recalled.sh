# shellcheck shell=sh
# A release with other files than the live one, but for all that Compose reads: what it said of that then it would say now, and it is not
# asked. Taken are what follows from its answer (facts.sh), and what keys of builds are made of. Of what could not be told so (files that
# name others, what a hook has written there, mounts, what is built without a key) there is nothing to take, and everything is read.

# Whether it may be, as far as it is no matter of the files. Where services are replaced one by one the configuration is read anyway.
may_recall() {
  [ "$mode" = deploy ] && [ -z "$half" ] && [ -n "$same_beside" ] && [ -e "$live/keyed" ] || return 1
  ! asks_to_roll || return 1
  [ ! -e "$tree/.zebu/hooks/pre-deploy" ] && [ ! -e "$live/$folder/.zebu/hooks/pre-deploy" ] || return 1
  [ ! -e "$live/$folder/.zebu/hooks/pre-build" ] || [ -e "$live/apart" ]
}

# Writes $work/read-files, paths in the repository, a line each: the Compose files, `.env` beside them, where it may be missing, and the
# Dockerfiles of KEYED. Fails for what git may know by another path, or as a link: list_read KEYED
list_read() {
  keyed_=$1
  set --
  for each in $files; do
    case $each in -*) continue ;; /*|./*|../*|*/./*|*/../*|*//*) return 1 ;; esac
    set -- "$@" "$tree/$each"
  done
  set -- "$@" "$directory/.env" "$tree/.env"
  while IFS='	' read -r _ _ _ file_ _; do set -- "$@" "$release/tree/$file_"; done <"$keyed_"
  for each; do
    each=${each#"$release/tree/"}
    [ ! -L "$release/tree/$each" ] && [ ! -L "$live/tree/$each" ] || return 1
    printf '%s\n' "$each"
  done >"$work/read-files"
}

# Whether the hook before the build has left all of them as the commit has them. Where that would take a look at each file of a large
# repository, Compose reads.
left_unread() {
  [ -z "$recalled" ] && [ -f "$tree/.zebu/hooks/pre-build" ] || return 0
  ! left_can_wait && left_by_hook && awk '
    # A folder of it may be a link by now, of which git says only that it is new.
    FILENAME == ARGV[1] { do read[$0] = 1; while (sub(/\/[^\/]*$/, "")); next }
    substr($0, 3) in read { exit 1 }' "$work/read-files" "$work/left"
}

# What git is asked for that, a line each (compare_trees): each of them in both commits, and the contexts of builds.
ask_read() {
  while IFS= read -r file_; do printf '%s\n' "refs/zebu/$previous:$file_" "refs/zebu/$id:$file_"; done <"$work/read-files"
  while IFS='	' read -r _ _ context_ _; do printf '%s\n' "refs/zebu/$id:${context_#/}"; done <"$live/keyed"
}

# Whether the answers, on standard input, are the same in both. Leaves what find_trees would.
same_read() {
  while IFS= read -r file_ <&3; do
    read -r was_ && read -r is_ || return 1
    case $is_ in
      *' missing') case ${file_##*/}/$was_ in .env/*' missing') ;; *) return 1 ;; esac ;;
      "$was_") ;;
      *) return 1 ;;
    esac
  done 3<"$work/read-files"
  while read -r _ <&3; do
    read -r tree_ || return 1
    case $tree_ in *' missing') return 1 ;; esac
    printf '%s\n' "$tree_"
  done 3<"$live/keyed" >"$work/trees"
}

# Leaves all that reading would, but for the configuration itself, which whoever needs it reads. Facts keep the time of the reading that
# they are of, by which it is told whether anything that reads is another one since.
recall_reading() {
  [ -n "$same_read" ] || return 1
  set -- "$live/keyed"
  for each in built pulled intents standing builders facts; do [ ! -e "$live/$each" ] || set -- "$@" "$live/$each"; done
  if ! cp -p "$@" "$release/" 2>/dev/null || ! copy_lines "$live/built" "$work/built" || ! copy_lines "$live/pulled" "$work/pulled" || ! copy_lines "$live/keyed" "$work/keyed"; then
    drop "$release/facts"
    return 1
  fi
  read -r config_sum _ <"$live/facts"
  recalled=1 pathless=1
  know_services
}

# Sets $own_services, names that stay readable (masked), where the configuration is not there to tell.
know_services() {
  own_services=
  while read -r service_ _; do own_services="$own_services $service_"; done <"$release/intents"
}
