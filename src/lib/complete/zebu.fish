# zebu completion for fish: zebu completion fish > ~/.config/fish/completions/zebu.fish
function __zebu_complete
  set -l words (commandline -opc)
  zebu __complete $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c zebu -f -a '(__zebu_complete)'
