/** Shell that stands in TypeScript, where no linter reads it. Single commands made with `sh` are what that is for. */
import { readFileSync } from 'node:fs';
import ts from 'typescript';

export interface ShellInCode {
  readonly line: number;
  /** Lines of the script. */
  readonly lines: number;
}

/** How programs for another machine begin a line, in a template that is not tagged: enough to tell them from a text. */
const SHELL_LINE = /^\s*(?:#!\/|(?:if|while|until|for|case|set|trap|exec|cd|local)\s|\w+\(\)\s*\{|fi$|done$|esac$)/m;

const isMany = (text: string): boolean => text.replace(/^\n/, '').trimEnd().includes('\n');

function textOf(template: ts.TemplateLiteral): string {
  if (ts.isNoSubstitutionTemplateLiteral(template)) return template.rawText ?? template.text;
  return [template.head, ...template.templateSpans.map(({ literal }) => literal)]
    .map((part) => part.rawText ?? part.text)
    .join('x');
}

/** @param source of a TypeScript file @returns templates of more than one line that are shell */
export function shellInCode(source: string): readonly ShellInCode[] {
  const file = ts.createSourceFile('code.ts', source, ts.ScriptTarget.Latest, true);
  const found: ShellInCode[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTemplateLiteral(node)) {
      const tag = ts.isTaggedTemplateExpression(node.parent) ? node.parent.tag.getText(file) : '';
      const text = textOf(node);
      if (isMany(text) && (tag === 'sh' || SHELL_LINE.test(text)))
        found.push({
          line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1,
          lines: text.trim().split('\n').length,
        });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The same of a file, as a linter says it. */
export const shellInFile = (root: string, path: string): readonly string[] =>
  shellInCode(readFileSync(`${root}${path}`, 'utf8')).map(
    ({ line, lines }) =>
      `${path}:${line}: ${lines} lines of shell: put them into a .sh file beside it, which finds its values set by variables() of the kit\n`,
  );
