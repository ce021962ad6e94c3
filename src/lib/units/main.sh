# shellcheck shell=sh
# Runs $calls, lines that call what is defined above, up to the first that fails. All of it is read before any of it runs.

main() { eval "$calls"; }
main </dev/null
