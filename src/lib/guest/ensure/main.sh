# shellcheck shell=sh
# Runs $calls, lines that call what is defined above. All of it is read before any of it runs, and nothing that is called can read on
# from there.

main() { eval "$calls"; }
main </dev/null
