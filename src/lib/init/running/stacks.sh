# shellcheck shell=sh
# The Compose stacks of a machine and their containers, in the $format. Where the login is not in the group `docker`, sudo may do; it never
# asks.

d=docker
docker version >/dev/null 2>&1 || d='sudo -n docker'
$d compose ls --all --format json && $d ps --all --no-trunc --filter label=com.docker.compose.project --format "$format"
