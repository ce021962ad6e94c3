/** What a shell evaluates once; each asks `zebu __complete WORDS…` and gets `word<TAB>about` lines. */
export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

export const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: String.raw`# zebu completion for bash: eval "$(zebu completion bash)"
_zebu() {
  local line=${'$'}{COMP_LINE:0:COMP_POINT} words cur prefix
  # bash splits words at colons, and app:deploy is one word.
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  cur=${'$'}{words[-1]}
  local IFS=$'\n'
  COMPREPLY=($(zebu __complete "${'$'}{words[@]:1}" 2>/dev/null | cut -f1))
  if [[ $cur == *:* || $cur == *=* ]]; then
    prefix=${'$'}{cur%"${'$'}{cur##*[:=]}"}
    COMPREPLY=("${'$'}{COMPREPLY[@]#"$prefix"}")
  fi
}
complete -o default -F _zebu zebu
`,
  zsh: String.raw`#compdef zebu
# zebu completion for zsh: zebu completion zsh > "${'$'}{fpath[1]}/_zebu"
_zebu() {
  local -a lines found
  local line
  lines=("${'$'}{(@f)$(zebu __complete "${'$'}{(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in $lines; do
    found+=("${'$'}{${'$'}{line%%$'\t'*}//:/\\:}:${'$'}{line#*$'\t'}")
  done
  (( $#found )) && _describe zebu found || _files
}
if [[ $funcstack[1] == _zebu ]]; then _zebu "$@"; else compdef _zebu zebu; fi
`,
  fish: String.raw`# zebu completion for fish: zebu completion fish > ~/.config/fish/completions/zebu.fish
function __zebu_complete
  set -l words (commandline -opc)
  zebu __complete $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c zebu -f -a '(__zebu_complete)'
`,
  powershell: String.raw`# zebu completion for PowerShell: zebu completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName zebu -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($wordToComplete -eq '') { $words += '' }
  zebu __complete @words 2>$null | ForEach-Object {
    $word, $about = $_ -split [char]9, 2
    if (-not $about) { $about = $word }
    [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $about)
  }
}
`,
};
