/**
 * Node keeps a file as it was compiled before it ran. V8 compiles a function when it is first called, and so nearly all that a start
 * calls was compiled anew at each: a third of what zebu took beyond Node. A function in parentheses V8 compiles together with
 * what is around it, as it is likely to be called at once; and then it is kept. Here what was seen to be called is
 * written that way:
 *
 * - functions and arrows that are values get parentheses;
 * - `function f() {}` becomes `var f = (function () {})` at the top of what it is declared in, where it is made in either spelling;
 * - methods of a class become properties of the prototype with a function as their value, which are not listed either.
 *
 * None of it changes what a function is called, what it is in a stack trace, or when it is there. A V8 that knows nothing of it does what
 * it would have done.
 */
import ts from 'typescript';

/** Functions that were called, each as `start-end` in the text, as V8's coverage has them. */
export type Called = ReadonlySet<string>;

const DEFINE = `var __methods=(to,from)=>{for(const name of Object.keys(from))Object.defineProperty(to,name,{value:from[name],writable:true,configurable:true});};`;

/** What has to stay where it is spelled as a method. What is in a class within it is about that class. */
function usesSuper(node: ts.Node): boolean {
  if (ts.isClassLike(node)) {
    const names = node.members.flatMap(({ name }) =>
      name !== undefined && ts.isComputedPropertyName(name) ? [name] : [],
    );
    return [...(node.heritageClauses ?? []), ...names].some(usesSuper);
  }
  return node.kind === ts.SyntaxKind.SuperKeyword || ts.forEachChild(node, usesSuper) === true;
}

const has = (node: { readonly modifiers?: ts.NodeArray<ts.ModifierLike> | undefined }, kind: ts.SyntaxKind): boolean =>
  node.modifiers?.some((each) => each.kind === kind) === true;

const isDirective = (node: ts.Node): boolean => ts.isExpressionStatement(node) && ts.isStringLiteral(node.expression);

/** @param text of a module, without types */
export function compiledEarly(text: string, called: Called): string {
  const file = ts.createSourceFile('module.js', text, ts.ScriptTarget.ESNext, true, ts.ScriptKind.JS);
  let defines = false;
  const start = (node: ts.Node): number => node.getStart(file);
  const isCalled = (node: ts.Node): boolean => called.has(`${start(node)}-${node.end}`);

  /** A method without its modifiers and its name, as the value of a property. */
  function asValue(method: ts.MethodDeclaration): string {
    const from = method.name.end;
    const rest = render(method).slice(from - start(method));
    const kind = `${has(method, ts.SyntaxKind.AsyncKeyword) ? 'async ' : ''}function${method.asteriskToken ? '*' : ''}`;
    return `(${kind}${rest})`;
  }

  /** Declared in the body of a function or at the top of the module, where it is made before all else there. */
  function isHoisted(node: ts.Node): node is ts.FunctionDeclaration & { readonly name: ts.Identifier } {
    const { parent } = node;
    return (
      ts.isFunctionDeclaration(node) &&
      node.name !== undefined &&
      isCalled(node) &&
      !has(node, ts.SyntaxKind.ExportKeyword) &&
      (ts.isSourceFile(parent) || (ts.isBlock(parent) && ts.isFunctionLike(parent.parent)))
    );
  }

  function isMovable(node: ts.Node): node is ts.MethodDeclaration & { readonly name: ts.Identifier } {
    return (
      ts.isMethodDeclaration(node) &&
      ts.isClassLike(node.parent) &&
      ts.isIdentifier(node.name) &&
      node.name.text !== '__proto__' &&
      isCalled(node) &&
      !usesSuper(node)
    );
  }

  function render(node: ts.Node): string {
    const children: ts.Node[] = [];
    ts.forEachChild(node, (child) => {
      children.push(child);
    });
    let out = '';
    let at = start(node);
    let top: number | undefined;
    const first: string[] = [];
    const methods: Record<'own' | 'static', string[]> = { own: [], static: [] };
    for (const child of children) {
      if (child.end <= at) continue;
      out += text.slice(at, start(child));
      at = child.end;
      const isStatement = ts.isSourceFile(node) || ts.isBlock(node);
      const isBody = isStatement && !isDirective(child);
      if (top === undefined && (isBody || (ts.isClassLike(node) && ts.isClassElement(child)))) top = out.length;
      if (isHoisted(child)) {
        const { name } = child;
        const whole = render(child);
        const [before, after] = [name.getStart(file) - start(child), name.end - start(child)];
        first.push(`var ${name.text}=(${whole.slice(0, before)}${whole.slice(after)});`);
      } else if (isMovable(child)) {
        methods[has(child, ts.SyntaxKind.StaticKeyword) ? 'static' : 'own'].push(
          `${child.name.text}:${asValue(child)}`,
        );
      } else out += render(child);
    }
    out += text.slice(at, node.end);
    for (const [kind, to] of [
      ['own', 'this.prototype'],
      ['static', 'this'],
    ] as const)
      if (methods[kind].length > 0) {
        defines = true;
        first.push(`static{__methods(${to},{${methods[kind].join(',')}})}`);
      }
    if (first.length > 0 && top !== undefined) out = `${out.slice(0, top)}${first.join('')}${out.slice(top)}`;
    const isValue =
      ts.isFunctionExpression(node) || (ts.isArrowFunction(node) && !has(node, ts.SyntaxKind.AsyncKeyword));
    if (isValue && isCalled(node) && !ts.isParenthesizedExpression(node.parent)) return `(${out})`;
    // As esbuild writes a module of CommonJS.
    if (
      ts.isMethodDeclaration(node) &&
      ts.isObjectLiteralExpression(node.parent) &&
      ts.isStringLiteral(node.name) &&
      !has(node, ts.SyntaxKind.AsyncKeyword) &&
      node.asteriskToken === undefined &&
      isCalled(node) &&
      !usesSuper(node)
    )
      return `${node.name.getText(file)}:(function${out.slice(node.name.end - start(node))})`;
    return out;
  }

  const whole = render(file);
  return defines ? `${DEFINE}${whole}` : whole;
}

/**
 * Files that import each other in a circle, the first once more at the end. There `function f() {}` can be called before its file has
 * run, and what is made of it here cannot.
 * @param imports what each file imports
 */
export function importCircle(imports: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  const below = (file: string, above: readonly string[]): readonly string[] | undefined => {
    if (above.includes(file)) return [...above.slice(above.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const each of imports.get(file) ?? []) {
      const circle = below(each, [...above, file]);
      if (circle !== undefined) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of imports.keys()) {
    const circle = below(file, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
