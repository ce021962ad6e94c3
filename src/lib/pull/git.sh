# shellcheck shell=sh
# git as it is used on what comes from elsewhere: no configuration but what stands here, no questions, only the protocol that was enabled.
# Finds what settings set: $scheme, $repository, $token_secret. $objects is the repository that objects are kept in.

export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=/bin/false SSH_ASKPASS=/bin/false LC_ALL=C
export GIT_OPTIONAL_LOCKS=0 GIT_NO_REPLACE_OBJECTS=1 GIT_ATTR_NOSYSTEM=1
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES SSH_AUTH_SOCK

local_git() { git --git-dir="$objects" -c core.hooksPath=/dev/null -c core.fsmonitor=false -c gc.auto=0 "$@"; }

# far_git SECONDS ARGUMENTS...: one that asks the server.
far_git() {
  far_limit=$1
  shift
  [ -z "$token_secret" ] || set -- -c "credential.helper=$trust/credential" "$@"
  [ ! -s "$trust/ca.pem" ] || set -- -c "http.sslCAInfo=$trust/ca.pem" "$@"
  # The file of known hosts is what the client wrote; nothing is ever learned. Of the login nothing is taken but the key. Some `timeout`
  # outlives for a moment what it watches, and must not keep the lock.
  (
    exec 8>&-
    GIT_SSH_COMMAND="ssh -F none -i $trust/id_ed25519 -o IdentitiesOnly=yes -o IdentityAgent=none -o UserKnownHostsFile=$trust/known_hosts -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes -o UpdateHostKeys=no -o BatchMode=yes -o PasswordAuthentication=no -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=4"
    export GIT_SSH_COMMAND
    exec timeout -k 10 "$far_limit" git --git-dir="$objects" -c core.hooksPath=/dev/null -c gc.auto=0 -c protocol.version=2 \
      -c protocol.allow=never -c "protocol.$scheme.allow=always" -c http.lowSpeedLimit=1000 -c http.lowSpeedTime=60 -c credential.interactive=false \
      -c fetch.fsckObjects=true -c fetch.fsck.zeroPaddedFilemode=ignore -c fetch.fsck.badTimezone=ignore -c fetch.fsck.missingSpaceBeforeDate=ignore \
      -c fetch.recurseSubmodules=false "$@"
  )
}
