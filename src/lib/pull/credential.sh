# shellcheck shell=sh
# What git asks for a login: of the server that was enabled, and of no other, it gets the token. From the secrets, by a pipe; it is in no
# argument, no variable of the environment, and no other file.

[ "$1" = get ] || exit 0
protocol='' host=''
while IFS='=' read -r key value; do
  case $key in protocol) protocol=$value ;; host) host=$value ;; esac
done
[ "$protocol" = https ] && [ "$host" = "$token_host" ] || exit 0
# include ../app-folder/secrets/assign.sh
# include ../app-folder/secrets/newest.sh
newest=$(newest_secrets "$secrets_folder")
token=
eval "$(assign token "$token_secret" "$secrets_folder/$newest.env")"
[ -n "$token" ] || exit 0
printf 'username=%s\npassword=%s\n' "$token_user" "$token"
