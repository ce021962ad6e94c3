# shellcheck shell=sh
# Why a run ends as it does: $cause, a code of app-folder/causes.ts, by which programs go, and $reason, words for people.
# Whoever sets one sets the other.

# include ../guest/disk-full.sh
# blame CAUSE BEFORE WORDS: another program failed, and said WORDS last.
blame() {
  cause=$1 reason=$2$3
  if says_disk_full "$3"; then cause=no-space; fi
}

# What Compose said last of the files that it cannot read, with paths as the repository has them.
compose_said() {
  compose_words=$(grep -v '^$' "$work/error" | tail -n 1 | sed "s|$tree/|./|g")
  case $compose_words in
    'env file '*' not found: '*)
      compose_words=${compose_words%% not found: *}
      compose_words="the $compose_words is not part of the commit: commit it without secrets, or put what services need of it into .env and their environment" ;;
  esac
  printf '%s\n' "$compose_words"
}

unreadable() { cause=compose-invalid reason="the Compose files cannot be read: $(compose_said)"; }
