# shellcheck shell=bash
# Step of the workflow: $FILE is the package that it was written for, in the repository or as npm fetches $PACKAGE.

[ -z "$PACKAGE" ] || npm pack --silent "$PACKAGE"
echo "$SHA512  $FILE" | sha512sum --check --quiet
npm install --global --ignore-scripts "./$FILE"
