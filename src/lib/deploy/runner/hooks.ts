/** Programs of the repository that a deploy runs. */
export const HOOKS = String.raw`
# Runs a hook of the commit in its checkout.
run_hook() {
  begin hook "$1"
  ( cd "$tree" && export ZEBU_RELEASE="$id" ZEBU_APP="$project" && logged timeout "$build_timeout" "./$1" )
}
`;
