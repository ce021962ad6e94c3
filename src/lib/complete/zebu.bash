# zebu completion for bash: eval "$(zebu completion bash)"
_zebu() {
  local line=${COMP_LINE:0:COMP_POINT} words cur prefix
  # bash splits words at colons, and app:deploy is one word.
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  cur=${words[-1]}
  local IFS=$'\n'
  # shellcheck disable=SC2207 # at line ends, as IFS says
  COMPREPLY=($(zebu __complete "${words[@]:1}" 2>/dev/null | cut -f1))
  if [[ $cur == *:* || $cur == *=* ]]; then
    prefix=${cur%"${cur##*[:=]}"}
    COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
  fi
}
complete -o default -F _zebu zebu
