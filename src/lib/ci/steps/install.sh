# shellcheck shell=bash
# Step of the workflow: the package that it was written for. A file of the repository is taken from the commit of the workflow:
# what is deployed may be older than that.

zebu=$RUNNER_TEMP/zebu.tgz
if [ -z "$PACKAGE" ]; then git show "$GITHUB_SHA:$FILE" >"$zebu"
else ( cd "$RUNNER_TEMP" && npm pack --silent "$PACKAGE" && mv "$FILE" "$zebu" )
fi
echo "$SHA512  $zebu" | sha512sum --check --quiet
npm install --global --ignore-scripts "$zebu"
