/** What the script says, out of the terminal codes and spinner frames it says it with. */
export type ScriptLine =
  | { readonly kind: 'done' | 'failed'; readonly text: string }
  /** What it is busy with: the text beside the spinner. */
  | { readonly kind: 'phase'; readonly text: string }
  | { readonly kind: 'password'; readonly secret: string }
  /** A program's own words, such as an error of apt; kept for when the run fails. */
  | { readonly kind: 'other'; readonly text: string };

const CODES = /\u001b\[[0-9;?]*[A-Za-z]|\u001b[()][A-Z0-9]|\u001b[=>]/g;
const SPINNER = /^\s*[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]\s*(\S.*|)$/;
const DONE = /^\s*✔\uFE0F?\s*(\S.*|)$/;
const FAILED = /^\s*✖\uFE0F?\s*(\S.*|)$/;

function judge(line: string): ScriptLine | undefined {
  const text = line.replaceAll(CODES, '').trimEnd();
  if (text.trim() === '') return undefined;
  const [, secret] = /Password:\s*(\S+)/.exec(text) ?? [];
  if (secret !== undefined) return { kind: 'password', secret };
  for (const [kind, pattern] of [
    ['phase', SPINNER],
    ['done', DONE],
    ['failed', FAILED],
  ] as const) {
    const said = pattern.exec(text)?.[1]?.trim();
    if (said !== undefined) return said === '' ? undefined : { kind, text: said };
  }
  return { kind: 'other', text: text.trim() };
}

/** Takes chunks as they come; a carriage return ends a line too, because that is how the spinner turns. */
export class ScriptOutput {
  #rest = '';

  take(chunk: string): readonly ScriptLine[] {
    const lines = (this.#rest + chunk).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? '';
    return lines.map(judge).filter((line) => line !== undefined);
  }

  end(): readonly ScriptLine[] {
    return this.take('\n');
  }
}
