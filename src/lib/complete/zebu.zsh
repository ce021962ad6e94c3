#compdef zebu
# zebu completion for zsh: zebu completion zsh > "${fpath[1]}/_zebu"
_zebu() {
  local -a lines found
  local line
  lines=("${(@f)$(zebu __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in $lines; do
    found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  (( $#found )) && _describe zebu found || _files
}
if [[ $funcstack[1] == _zebu ]]; then _zebu "$@"; else compdef _zebu zebu; fi
