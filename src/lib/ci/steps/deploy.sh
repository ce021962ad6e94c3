# shellcheck shell=bash
# Step of the workflow: $REF is a tag, a branch or a commit.

if git rev-parse -q --verify "refs/tags/$REF" >/dev/null; then set -- --tag "$REF"
elif git rev-parse -q --verify "refs/remotes/origin/$REF" >/dev/null; then set -- --commit "$(git rev-parse "refs/remotes/origin/$REF")"
else set -- --commit "$REF"; fi
# A deploy that was cancelled goes on in the VM; the next one waits for its end.
# exec: who cancels the job signals the process of the step alone, and zebu has to hear of it.
exec zebu app:deploy "$@" --lock-wait 1800
