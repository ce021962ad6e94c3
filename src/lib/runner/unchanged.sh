# shellcheck shell=sh
# A deploy of what is live already: the same files, told the same beside them, with the same images behind all names. Then Compose is not
# asked what the files say, and nothing is looked for of builds: the live release has it all. It is a release of its own all the same, and
# how its containers stand is looked at as ever. Of what could not be told so (files from elsewhere, mounts, what is built without a key)
# the live release has no file `whole`, and everything is done.

# What is told to Compose beside the commit: what zebu goes by, and the environment, where it finds what no file says. Of the connection that
# is another one each time: files that name it are not plain. A machine that was started anew may be another one, with other programs. In a
# shell of its own.
told_beside() {
  printf '%s\n' "$runner_is" "$boot" "$project $folder ${directory#"$release"}" "$files" "$secrets" "$compose_program" "${own_docker:-${DOCKER_CONFIG:-}}"
  printf '%s\n' "$proxy_compose"
  [ ! -s "$release/settings.env" ] || print_lines "$release/settings.env"
  unset DOCKER_CONFIG SSL_CERT_DIR SSH_CLIENT SSH_CONNECTION SSH_TTY XDG_SESSION_ID PWD OLDPWD SHLVL _
  export -p
}

# Whether its secrets are all there is of them: of a version that was kept the values are never others.
newest_or_none() { [ -z "$secrets" ] || is_newest "$secrets"; }

# For the releases to come, once all was found in force: in `named` which image each name stands for, in `whole` what was told beside, in
# `left` what a hook has left, and `apart` where that is nothing that Compose reads.
note_whole() {
  # Not of what is gone back to.
  [ "$mode" = deploy ] && [ -n "$strict" ] && [ "$pinned" = "$release" ] || return 0
  { [ -s "$release/told" ] && [ -s "$release/facts" ] && [ -e "$work/named" ]; } || return 0
  [ ! -e "$release/gives" ] && [ ! -L "$directory/.env" ] && [ ! -L "$tree/.env" ] && [ -z "$unread" ] && newest_or_none && plain_files || return 0
  read -r _ facts_paths <"$release/facts"
  [ "$facts_paths" = none ] || return 0
  # All that is built has a key, and nothing is to be pulled each time.
  [ -e "$work/keyed" ] || return 0
  keyed_=' '
  while read -r _ image_ _; do keyed_="$keyed_$image_ "; done <"$work/keys"
  while read -r _ image_ _; do case $keyed_ in *" $image_ "*) ;; *) return 0 ;; esac; done <"$work/built"
  while read -r _ _ policy_; do case $policy_ in missing|if_not_present|never) ;; *) return 0 ;; esac; done <"$work/pulled"
  # They become part of a URL.
  are_names "$work/named" || return 0
  ( umask 077; copy_lines "$work/named" "$release/named" && copy_lines "$work/pins" "$release/pins" && copy_lines "$work/keyed" "$release/keyed" && printf '%s\n' "$left" >"$release/left" && note_apart && told_beside >"$release/whole" ) 2>/dev/null || drop "$release/whole"
}

note_apart() {
  # Of nothing there is nothing to say.
  if [ -n "$left" ] && list_read "$work/keyed" && left_unread; then : >"$release/apart"; fi
}

# Whether another release that is kept was built of such files within a day, as where a tag is deployed again: built_of TREES, a blank around
# each.
built_of() {
  for each in "$base"/releases/*/builds; do
    [ -s "$each" ] || continue
    while read -r key_ _ since_ was_ _; do
      case $key_ in *-later) continue ;; esac
      case $1 in *" $was_ "*) ;; *) continue ;; esac
      clock
      if [ "$since_" -le "$clock" ] && [ "$since_" -gt $((clock - key_age)) ]; then return 0; fi
    done <"$each"
  done
  return 1
}

# Sets $same_tree where the commit has the files of the live release, $same_context where some build has those of one that is kept, and
# $same_read where all that Compose reads is the same. All of them are one question to git.
compare_trees() {
  same_tree='' same_context='' same_read='' same_beside='' waited=''
  live=$base/releases/$previous
  [ -z "$rebuild" ] && [ -n "$previous" ] && { [ -s "$live/builds" ] || [ -s "$live/whole" ]; } || return 0
  ! told_same_beside || same_beside=1
  { may_recall && list_read "$live/keyed"; } || drop "$work/read-files"
  [ -e "$live/builds" ] && builds_=$live/builds || builds_=/dev/null
  { printf '%s\n' "refs/zebu/$id^{tree}" "refs/zebu/$previous^{tree}"
    while read -r _ _ _ _ below_; do printf '%s\n' "refs/zebu/$id:$below_"; done <"$builds_"
    [ ! -e "$work/read-files" ] || ask_read
  } >"$work/questions"
  git --git-dir="$base/repo.git" cat-file --batch-check='%(objectname)' <"$work/questions" >"$work/contexts" 2>/dev/null || return 0
  {
    read -r tree_ && read -r live_tree_ || return 0
    case $tree_ in *' missing'|'') ;; "$live_tree_") same_tree=1 ;; esac
    of_=' '
    while read -r key_ _ _ was_ _ <&3 && read -r is_; do
      [ "$is_" != "$was_" ] || same_context=1
      of_="$of_$is_ "
      case $key_ in *-later) waited=1 ;; esac
    done 3<"$builds_"
    if [ -e "$work/read-files" ] && same_read; then same_read=1; fi
  } <"$work/contexts"
  [ -z "$same_read" ] || left_unread || same_read=
  # As they were when that was noted (note_whole).
  [ -z "$same_read" ] || plain=1
  if [ -z "$same_context" ] && built_of "$of_"; then same_context=1; fi
  # Now somebody asks.
  [ -z "$waited" ] || [ -z "$same_tree$same_context" ] || tell_left || :
}

# Whether each build is of this day, as its key was: images that it starts from and that are not here may have moved since.
built_today() {
  [ -s "$live/builds" ] || return 0
  clock
  while read -r _ _ since_ _; do
    { [ "$since_" -le "$clock" ] && [ "$since_" -gt $((clock - key_age)) ]; } || return 1
  done <"$live/builds"
}

# Whether each name stands for the image that it stood for then, asked all at once.
named_the_same() {
  [ -e "$live/named" ] || return 1
  [ -s "$live/named" ] || return 0
  engine_near || return 1
  while read -r name_ _; do echo "GET /images/$name_/json"; done <"$live/named" >"$work/questions"
  engine_calls 60 <"$work/questions" >"$work/here"
  awk '
# include ./image.awk
    FILENAME == ARGV[1] { id[++n] = $2; next }
    { is = image_id($0); if (is == "" && !/"No such image/) is = "?" }
    is != id[++answers] { differs = 1; exit }
    END { exit differs || answers != n }' "$live/named" "$work/here"
}

# Whether the program that reads the files, any package, or what is secret may be another one since: some shells only compare seconds.
# updated_since FILE
updated_since() {
  for each in "$compose_program" "${compose_program%/*}" /var/lib/dpkg/status "$base/shared/secrets/key" "$base/shared/secrets/${secrets:-key}"; do
    [ ! -e "$each" ] || newer "$1" "$each" || return 0
  done
  return 1
}

# Whether all beside the commit is as it was, and read by the same. Not of `docker compose`, of which it is not known where it is.
told_same_beside() {
  [ -s "$live/whole" ] && [ -s "$live/told" ] && [ -s "$live/facts" ] || return 1
  case $compose_program in /*) ;; *) return 1 ;; esac
  ! updated_since "$live/facts" && newest_or_none && read_lines "$live/whole" && [ "$(told_beside)" = "$lines" ]
}

# Leaves all that check_config and pin_images would, but for the configuration, which nobody asks for then.
is_live_already() {
  [ -n "$same_tree" ] && [ -n "$same_beside" ] && [ -z "$half" ] && [ ! -f "$tree/.zebu/hooks/pre-deploy" ] && built_today && left_by_hook || return 1
  left_was=
  [ ! -e "$live/left" ] || IFS= read -r left_was <"$live/left"
  [ "$left" = "$left_was" ] && named_the_same || return 1
  # In part it is nothing to go by.
  take_over || { drop "$release/whole" "$release/facts"; return 1; }
  read -r config_sum _ <"$live/facts"
  pinned=$release pathless=1 taken=1
  know_services
  overlays
}
take_over() {
  set --
  for each in built pulled intents standing builders facts image-names images.yml builds keyed named pins told expected hashes left apart whole; do
    [ ! -e "$live/$each" ] || set -- "$@" "$live/$each"
  done
  cp -p "$@" "$release/" 2>/dev/null && copy_lines "$live/built" "$work/built" && copy_lines "$live/pulled" "$work/pulled" && copy_lines "$live/pins" "$work/pins"
}

say_not_built() {
  list_=
  while read -r service_ _; do list_="$list_${list_:+, }$service_"; done <"$work/built"
  [ -z "$list_" ] || note "done" "not built again, as nothing of it has changed: $list_"
}
