# shellcheck shell=sh
# The first thing a client starts: with the lock held, in the app's folder, its standard input and output still those of
# the connection. It is part of the runner so that it need not be sent with every deploy.
#
# Usage: runner start MODE FOLDER ID RUN [COMMIT PACK [SECRETS]]. With a commit the release is made first: PACK is 1 when a
# pack with its objects is on standard input, `.incoming` has its plan and becomes its folder, SECRETS is its version file, without it the
# one in force. Ends by showing the journal of the run, which outlives it.

# include ../app-folder/order.sh
# include ../app-folder/gone.sh
# include ../app-folder/live-name.sh
if [ "$1" = start ]; then
  set -eu
  umask 022
# include ./checkout.sh
  mode=$2 base=$3 id=$4 run=$5
  take_place . "$run"
  if [ $# -gt 5 ]; then
    commit=$6 pack=$7
    if [ $# -gt 7 ]; then version=$8
    else
      :
# include ../app-folder/secrets/latest.sh
    fi
    [ -d repo.git ] || git init -q --bare repo.git
    received=1
    # Where no pack comes nothing does, until the other side has said so.
    if [ "$pack" = 1 ]; then git --git-dir=repo.git index-pack --stdin --fix-thin >/dev/null || received=; else read -r _ || :; fi
    [ -z "$received" ] || place_commit "$PWD" "$PWD/.incoming" "$commit" || received=
    if [ -z "$received" ]; then
      drop "shared/secrets/registries-$run.env"
      # What came is whole, or there is no room for it; or what was there is not.
      found=0
      timeout 300 git --git-dir=repo.git fsck --no-dangling --no-progress >/dev/null 2>&1 || found=$?
      case $found in 0|124) exit 1 ;; esac
      # Everything is sent anew: it lies where the app is developed.
      rm -rf repo.git
      # DAMAGED_STATUS of lock.ts.
      exit 79
    fi
    printf 'secrets=%s\n' "$version" >>.incoming/plan
    drop .incoming/recover .incoming/unit
    # What has come is a release as a whole, or none.
    release=$base/releases/$id
    mv -T .incoming "$release"
    git --git-dir=repo.git update-ref "refs/zebu/$id" "$commit"
  fi
  gone .incoming
  journal=journals/$run.jsonl
  previous=$(live_name)
  : >"$journal"
  [ $# -lt 6 ] || pass_mark "$release/mark" "$journal"
  # No child of what shows the journal: one that is killed would stay its zombie, and look alive to it for ever.
  ( setsid sh runner "$mode" "$base" "$id" "$run" </dev/null >/dev/null 2>&1 & echo "$!" >watcher )
  read -r runner <watcher
  exec 9>&-
  printf 'previous=%s\n' "$previous"
  echo started
  exec tail -s 0.02 -n +1 -f --pid="$runner" "$journal"
fi
