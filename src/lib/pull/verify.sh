# shellcheck shell=sh
# Whether an object may be released: by the signature, the name within it, and what its commit holds. Each function sets $cause and $reason
# when not. Finds what settings set, and local_git; $work is a folder of this run's own.

# verify REF OID: sets $commit and $signer. By the object's id, never by a name: what was looked at is what is taken.
verify() {
  cause='' reason='' signer='' commit=''
  kind_of=$(local_git cat-file -t "$2" 2>/dev/null)
  case $mode,$kind_of in
    tags,tag) ;;
    tags,commit)
      [ "$unsigned" = 1 ] || { cause=unsigned reason="$1 is a lightweight tag, which cannot be signed: git tag -s"; return 1; }
      commit=$2
      return 0
      ;;
    branch,commit) commit=$2 ;;
    *) cause=not-a-commit reason="$1 is no tag of a commit"; return 1 ;;
  esac
  local_git cat-file "$kind_of" "$2" >"$work/object" || { cause=not-fetched reason="$1 cannot be read"; return 1; }
  if [ "$mode" = tags ]; then
    { IFS= read -r line_1; IFS= read -r line_2; IFS= read -r line_3; } <"$work/object"
    commit=${line_1#object }
    case $commit in *[!0-9a-f]* | '') cause=not-a-commit ;; esac
    if [ "$line_2" != 'type commit' ] || [ -n "$cause" ]; then cause=not-a-commit reason="$1 is no tag of a commit"; return 1; fi
    # A signed v1.0 that is offered as v9.9 is the v1.0 somebody signed.
    [ "$line_3" = "tag $1" ] || { cause=renamed reason="the signed tag calls itself ${line_3#tag }, and is offered as $1"; return 1; }
  fi
  [ "$unsigned" = 1 ] && return 0
  if [ "$mode" = tags ]; then
    if ! grep -q '^-----BEGIN \(SSH SIGNATURE\|PGP SIGNATURE\|PGP MESSAGE\|SIGNED MESSAGE\)-----$' "$work/object"; then
      cause=unsigned reason="$1 has no signature: git tag -s"
      return 1
    fi
  elif ! sed '/^$/q' "$work/object" | grep -q '^gpgsig'; then
    cause=unsigned reason="the commit at the end of $1 has no signature: git commit -S"
    return 1
  fi
  # What gpg writes beside its keys goes nowhere else.
  mkdir -p "$work/gnupg" && chmod 700 "$work/gnupg" && cp "$trust/gnupg/"* "$work/gnupg/" 2>/dev/null
  openpgp=false
  [ ! -s "$trust/gnupg/pubring.kbx" ] || openpgp=gpg
  case $mode in tags) verb=verify-tag ;; *) verb=verify-commit ;; esac
  if ! GNUPGHOME=$work/gnupg local_git -c gpg.format=ssh -c gpg.ssh.allowedSignersFile="$trust/signers" -c gpg.ssh.program=ssh-keygen \
    -c gpg.program=$openpgp -c gpg.openpgp.program=$openpgp -c gpg.x509.program=false -c gpg.minTrustLevel=undefined \
    $verb --raw "$2" >"$work/verified" 2>&1; then
    cause=other-signer reason="$1 is not signed by one of pull.signed_by"
    return 1
  fi
  signer=$(sed -n -e 's/^Good "git" signature for \([^ ]*\) with .*/\1/p' -e 's/^\[GNUPG:\] GOODSIG [0-9A-F]* \(.*\)$/\1/p' "$work/verified" | head -n 1)
}

# The sum of the files that say what a deploy is to do, as the commit has them.
plan_sum() {
  printf '%s\n' "$plan_files" | while IFS= read -r file; do
    sum=$(local_git cat-file blob "$1:$file" 2>/dev/null | sha256sum)
    printf '%s  %s\n' "${sum%% *}" "$file"
  done | sha256sum | cut -d' ' -f1
}

# check_commit REF COMMIT: what can be told before anything is started.
check_commit() {
  cause='' reason=''
  if [ "$(plan_sum "$2")" != "$plan_hash" ]; then
    cause=plan-changed
    reason="$(printf '%s' "$plan_files" | tr '\n' ' ' | sed 's/ $//; s/ / or /g') of $1 is not what was enabled: run zebu pull:enable again, with the new one"
    return 1
  fi
  for file in $compose_files; do
    local_git cat-file -e "$2:$file" 2>/dev/null || { cause=compose-missing reason="there is no $file in $1"; return 1; }
  done
  module=$(local_git ls-tree -r "$2" | sed -n 's/^160000 commit [0-9a-f]*	//p' | head -n 1)
  [ -z "$module" ] || { cause=submodules reason="$1 has the submodule $module, which is not fetched here: deploy it with zebu app:deploy"; return 1; }
  if local_git grep -q -E '^[^#]*filter=' "$2" -- ':(top,glob)**/.gitattributes' 2>/dev/null; then
    GIT_INDEX_FILE=$work/index local_git read-tree "$2" &&
      filtered=$(GIT_INDEX_FILE=$work/index local_git ls-files | GIT_INDEX_FILE=$work/index local_git check-attr --cached --stdin filter |
        grep -v ': filter: \(unspecified\|unset\)$' | head -n 1)
    if [ -n "$filtered" ]; then
      cause=lfs reason="$1 has ${filtered%%: filter: *} behind the filter ${filtered##*: filter: } (Git LFS is one), which is not fetched here: deploy it with zebu app:deploy"
      return 1
    fi
  fi
  check_secrets
}

# include ../app-folder/secrets/newest.sh
# The newest version of the secrets has to have all that is declared.
check_secrets() {
  newest=$(newest_secrets "$base/shared/secrets")
  lacking=
  for name in $needs; do
    grep -qs "^$name=" "$base/shared/secrets/$newest.env" || lacking="$lacking${lacking:+, }$name"
  done
  [ -z "$lacking" ] || { cause=secret-missing reason="the VM has no value for $lacking: zebu secrets:sync or secrets:set"; return 1; }
}
