# shellcheck shell=sh
# Has the app's lock as long as whoever sent this lives: it hears a word from it every few seconds. Stops the app when it is told to. When
# nothing is heard any more, or the line is gone, what was stopped is started again: nobody is there to do it otherwise.

# include ../app-folder/lock.sh
# include ../app-folder/stopped.sh
# include ../app-folder/compose-program.sh
cd "$base" || exit "$MISSING"
trap '' HUP PIPE
take_lock "$lock_wait"
sign_lock "$holder"
[ ! -f transaction ] || exit "$LOCKED"
# For who goes on without us: see resume.sh. In memory, as it means nothing once the machine was off.
holding=/dev/shm/zebu-rebuild-$project
trap 'rm -f holder "$holding"' EXIT
echo $$ >"$holding"
# include ./start-again.sh
# include ./plugged.sh
leaving=
# A dump by schedule waits for the app to be switched, or leaves it be: it would write into what is brought over.
no_dumps() {
  mkdir -p data || return 1
  [ -e data/lock ] || ( : >>data/lock ) || return 1
  [ -r data/lock ] || return 1
  exec 6<data/lock
  flock -w 300 6 || { echo 'a dump is under way, for longer than 300 s' >&2; return 1; }
}
echo held
while :; do
  # shellcheck disable=SC2016 # another shell's words
  word=$(timeout "$patience" sh -c 'read -r word && printf %s "$word"' 6>&- 9>&-) || word=gone
  case $word in
    stop)
      if no_dumps && stop_all; then echo stopped; else echo failed; fi ;;
    start)
      if start_again; then echo started; else echo failed; fi
      exit ;;
    leave)
      leaving=yes
      echo left ;;
    gone)
      [ -f rebuild-stopped ] || exit 0
      # Unplugged, which takes the line away, it is not the one that serves; who has left it may just be at that.
      [ -z "$leaving" ] || sleep "$leave" 6>&- 9>&-
      once_plugged 86400 || exit 0
      start_again
      exit ;;
  esac
done
