/** Programs of the runner that say everything of their own in other words. */

/** Past the quoted text that begins at `at`, whatever is started in it. */
function endOfQuoted(text: string, at: number): number {
  const quote = text[at];
  for (let i = at + 1; i < text.length; i++) {
    if (quote === '"' && text[i] === '\\') i++;
    else if (quote === '"' && text.startsWith('$(', i)) i = endOfCommand(text, i + 2) - 1;
    else if (text[i] === quote) return i + 1;
  }
  throw new Error(`a quote without an end: ${text.slice(at, at + 80)}`);
}

/** Past the parenthesis that ends a command which began before `at`. */
function endOfCommand(text: string, at: number): number {
  for (let i = at, depth = 1; i < text.length; i++) {
    if (text[i] === '"' || text[i] === "'") i = endOfQuoted(text, i) - 1;
    else if (text[i] === '(') depth++;
    else if (text[i] === ')' && --depth === 0) return i + 1;
  }
  throw new Error(`a command without an end: ${text.slice(at, at + 80)}`);
}

/** Where words of the runner's own begin: each stands in quotes right behind one of these. */
const BEFORE_WORDS = [
  /(?<=[\s;{(])(?:reason|remark|why|failed|stuck)=(?=["'])/g,
  /\bfinish (?:refused|unhealthy|live|restored) [\w$"-]+ (?=["'])/g,
  /\brestore [\w$"-]+ (?=["'])/g,
  /\bkeep_secrets [\w-]+ (?=["'])/g,
  /\bblame [\w-]+ (?=["'])/g,
  /\b(?:note (?:wait|output|done)|begin [\w$-]+) (?=["'])/g,
];

/** Those that only pass on what was said, or say nothing, stay: `"$reason"`, `''`. */
const PASSES_ON = /^"\$\w+"$|^''$|^"\$\w+; \$\w+"$/;

/**
 * The same program with other words.
 * @returns how many were replaced, too
 */
export function reword(program: string): { readonly program: string; readonly words: number } {
  const places = BEFORE_WORDS.flatMap((pattern) =>
    [...program.matchAll(pattern)].map((match) => match.index + match[0].length),
  ).toSorted((a, b) => a - b);
  let words = 0;
  let result = '';
  let from = 0;
  for (const at of places) {
    if (at < from) continue;
    const end = endOfQuoted(program, at);
    const said = program.slice(at, end);
    if (PASSES_ON.test(said)) continue;
    words++;
    result += `${program.slice(from, at)}'reworded ${words}'`;
    from = end;
  }
  result += program.slice(from);
  // What awk says of a container, see verdict.sh.
  const judged = result.replaceAll(/fail\("[^"]*"/g, () => `fail("reworded ${++words}"`);
  return { program: judged, words };
}
