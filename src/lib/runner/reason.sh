# shellcheck shell=sh
# Why a run ends as it does: $cause, a code of app-folder/causes.ts, by which programs go, and $reason, words for people.
# Whoever sets one sets the other.

# What the kernel says of a full disk, whichever program passes it on.
says_disk_full() { case $1 in *'o space left on device'*) ;; *) return 1 ;; esac; }

# blame CAUSE BEFORE WORDS: another program failed, and said WORDS last.
blame() {
  cause=$1 reason=$2$3
  if says_disk_full "$3"; then cause=no-space; fi
}

# What Compose said last of the files that it cannot read.
compose_said() { grep -v '^$' "$work/error" | tail -n 1; }

unreadable() { cause=compose-invalid reason="the Compose files cannot be read: $(compose_said)"; }
