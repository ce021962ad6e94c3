# shellcheck shell=bash
# Step of the workflow: defines `store`, which puts the value of a variable into a file and its path into a setting of zebu.

umask 077
folder=$RUNNER_TEMP/zebu
mkdir -p "$folder"
store() { # variable file setting
  if [ -z "${!1}" ]; then
    echo "::error title=A secret is missing::Set the secret $1 of this repository or of its environment (Settings, Secrets and variables, Actions)."
    exit 1
  fi
  printf '%s\n' "${!1}" >"$folder/$2"
  echo "$3=$folder/$2" >>"$GITHUB_ENV"
}
