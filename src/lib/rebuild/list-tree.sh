# shellcheck shell=sh
# One word for all that is in a folder but its sockets, or for the single file $only in it: names, kinds, owners, rights, sizes, times and
# where links lead. Of a folder neither size nor time count. $1 and what follows is an expression of find for what is left out.

cd "$at" || exit 2
find "./$only" "$@" ! -type s \( -type d -printf 'd %m %U %G %P\0' -o -type l -printf 'l %U %G %P %l\0' -o -printf '%y %m %U %G %s %Ts %P\0' \) |
  LC_ALL=C sort -z | sha256sum | cut -d' ' -f1
