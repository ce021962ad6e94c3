/**
 * Shell that stands in TypeScript, where no linter reads it: in templates, in strings, and in arrays of strings that are lines.
 * Single commands made with `sh` are what that tag is for.
 */
import { readFileSync } from 'node:fs';
import ts from 'typescript';

export interface ShellInCode {
  readonly line: number;
  /** Lines of the script. */
  readonly lines: number;
}

/** What nothing but shell has in a line. Not `$(…)` alone, `&&` or `cd x`: hints and examples say them to people. */
const SHELL_LINE = [
  /^\s*(?:if|elif|while|until)\s.*;\s*(?:then|do)\b/,
  /^\s*(?:for|case)\s\S+ in\b/,
  /^\s*\w+\(\)\s*[{(]/,
  /^\s*(?:set -(?:-|[a-z]\b)|trap ['"]|umask \d|exit (?:\d+|\$\w+)$|exec (?:\S*["$<>]|sh\b|bash\b))/,
  /^\s*(?:export )?\w+=(?:["']?\$|\d+$)/,
  /2>&1|>&2|[<>]\s*\/dev\/null|"\$[@\w{]|>>?\s*"\$|\$\{\w+:[-=?+]|\[ (?:! )?-[a-z] /,
  /^\s*(?:echo|printf) ["'].*\$/,
  /\s\|\s*(?:awk|sed|grep|head|tail|cut|tr|sort|tee|while)\s/,
];

/** A single line that somebody runs, and that was not made with `sh`. */
const SHELL_COMMAND =
  /2>&1|[<>]\s*\/dev\/null|"\$@"|;\s*(?:then|exec)\s|;\s*do\s.*;\s*done\b|&&\s*(?:exec|eval)\s|^exec sh\b|>&2/;

const isShell = (line: string): boolean => SHELL_LINE.some((pattern) => pattern.test(line));
/** Of shell only beside what is. */
const isEnd = (line: string): boolean => /^\s*(?:fi|done|esac|\})(?:\s*[;|<>].*)?$/.test(line);

/** Stands for a value, which is one word of a line. */
const VALUE = 'x';

const templateText = (template: ts.TemplateLiteral, part: (literal: ts.TemplateLiteralLikeNode) => string): string =>
  ts.isNoSubstitutionTemplateLiteral(template)
    ? part(template)
    : [template.head, ...template.templateSpans.map(({ literal }) => literal)]
        // A value before a word is lines of their own.
        .map((literal, i) => (i > 0 && /^[a-z]/.test(part(literal)) ? '\n' : '') + part(literal))
        .join(VALUE);

const rawText = (template: ts.TemplateLiteral): string =>
  templateText(template, (literal) => literal.rawText ?? literal.text);

const isMadeWithSh = (node: ts.Node): node is ts.TaggedTemplateExpression =>
  ts.isTaggedTemplateExpression(node) && node.tag.getText(node.getSourceFile()) === 'sh';

/** The text an expression makes, as far as it stands there; undefined where nothing of it does. */
function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteral(node)) return node.text;
  // A single command may stand among others.
  if (isMadeWithSh(node)) return undefined;
  if (ts.isTaggedTemplateExpression(node)) return rawText(node.template);
  if (ts.isTemplateLiteral(node)) return templateText(node, ({ text }) => text);
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [textOf(node.left), textOf(node.right)];
    return left === undefined && right === undefined ? undefined : `${left ?? VALUE}${right ?? VALUE}`;
  }
  if (ts.isArrayLiteralExpression(node)) {
    // Lines, each an element; also those that a conditional or a map puts in.
    const lines = node.elements.flatMap((element) => textOf(element) ?? VALUE);
    return lines.every((line) => line === VALUE) ? undefined : lines.join('\n');
  }
  return undefined;
}

/** @param source of a TypeScript file @returns what is shell and no single command made with `sh` */
export function shellInCode(source: string): readonly ShellInCode[] {
  const file = ts.createSourceFile('code.ts', source, ts.ScriptTarget.Latest, true);
  const found: ShellInCode[] = [];
  const visit = (node: ts.Node): void => {
    const lines = scriptLines(node);
    if (lines > 0) found.push({ line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1, lines });
    else ts.forEachChild(node, visit);
  };
  ts.forEachChild(file, visit);
  return found;
}

/** How many lines of a script a node is; 0 when it is none. */
function scriptLines(node: ts.Node): number {
  if (isMadeWithSh(node)) {
    const { length } = linesOf(rawText(node.template));
    return length > 1 ? length : 0;
  }
  // What is tagged was judged with its tag.
  const text = ts.isTaggedTemplateExpression(node.parent) ? undefined : textOf(node);
  if (text === undefined) return 0;
  const lines = linesOf(text);
  if (/^#!\//.test(text) && lines.length > 0) return lines.length;
  const shell = lines.filter(isShell).length;
  const looksSo = shell + (shell > 0 ? lines.filter(isEnd).length : 0);
  // One line of a text may look so; of a script, one in four does.
  if (looksSo >= 2 && looksSo >= lines.length / 4) return lines.length;
  return !ts.isArrayLiteralExpression(node) && lines.length === 1 && SHELL_COMMAND.test(text) ? 1 : 0;
}

/** The lines that do something. */
const linesOf = (text: string): readonly string[] =>
  text.split('\n').filter((line) => !/^\s*(?:#.*)?$/.test(line) && line !== VALUE);

/** The same of a file, as a linter says it. */
export const shellInFile = (root: string, path: string): readonly string[] =>
  shellInCode(readFileSync(`${root}${path}`, 'utf8')).map(
    ({ line, lines }) =>
      `${path}:${line}: ${lines === 1 ? 'a line of shell: make it with the tag `sh` of the kit' : `${lines} lines of shell: put them into a .sh file beside it, which finds its values set by variables() of the kit`}\n`,
  );
