# shellcheck shell=sh
# Two functions of the plan: what each probe is called and how patient it is, and the attempt itself. plan.ts puts the probes in, a
# case each, for the lines in angle brackets.

probe_about() {
  case $1 in
# <about>
  esac
}
probe() {
  case $1 in
# <attempt>
  esac
}
