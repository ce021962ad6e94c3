# shellcheck shell=sh
# How the probation of the release $run, named as the run that brought it, is: `left=SECONDS` while it lasts, else the line of the history that says how it ended, if it
# ended with going back.

# include ../app-folder/probation.sh
cd "$base" 2>/dev/null || exit 0
if read_probation && [ "$pr_run" = "$run" ] && [ "$pr_left" -gt 0 ]; then echo "left=$pr_left"
else
  # What fails in its last second is not over yet.
  exec 8>>lock
  if flock -ns 8 && [ ! -f transaction ] && [ ! -s probation.why ]; then
    grep -F "\"id\":\"$run\"" releases.jsonl | grep -F '"mode":"probation"' | tail -n 1 | sed 's/^/back=/'
    echo over=
  else echo left=0
  fi
fi
