import BASH from './zebu.bash';
import FISH from './zebu.fish';
import POWERSHELL from './zebu.ps1';
import ZSH from './zebu.zsh';

/** What a shell evaluates once; each asks `zebu __complete WORDS…` and gets `word<TAB>about` lines. */
export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH, powershell: POWERSHELL };
