/**
 * Writes plugins/kit/api.md: every declaration that authors of plugins rely on. It is committed, and `npm run check` compares it, so
 * that a change of it is seen for what it is.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Entry points for plugins; `core` is none. */
const ENTRIES = {
  '@zebu/kit': 'index',
  '@zebu/kit/command': 'command',
  '@zebu/kit/rest': 'rest/index',
  '@zebu/kit/ssh': 'ssh/index',
  '@zebu/kit/conformance': 'conformance/index',
};

const file = (entry: string): string => `${root}plugins/kit/dist/${entry}.d.ts`;
const program = ts.createProgram(Object.values(ENTRIES).map(file), {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2024,
  skipLibCheck: true,
});
const checker = program.getTypeChecker();
const printer = ts.createPrinter({ removeComments: true });

/** The statement that declares it; of a constant the whole statement. */
function statementOf(declaration: ts.Declaration): ts.Node {
  return ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
}

function declared(entry: string): readonly string[] {
  const source = program.getSourceFile(file(entry));
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${file(entry)} is not built`);
  return checker
    .getExportsOfModule(module)
    .map((symbol) => ({
      name: symbol.name,
      of: symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ of }) =>
      [...new Set((of.declarations ?? []).map(statementOf))]
        .map((node) => printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile()))
        .join('\n')
        // As declared, not as it is exported on the way.
        .replaceAll(/^(?:export )?(?:declare )?/gm, (words, at: number) => (at === 0 ? '' : words)),
    );
}

const sections = Object.entries(ENTRIES).map(
  ([name, entry]) => `## ${name}\n\n\`\`\`ts\n${declared(entry).join('\n\n')}\n\`\`\`\n`,
);
writeFileSync(
  `${root}plugins/kit/api.md`,
  `# What plugins rely on\n\nMade by \`npm run build\`. What stands here changes as docs/plugins.md says; \`@zebu/kit/core\` is zebu's own and no part of it.\n\n${sections.join('\n')}`,
);
