/**
 * Libraries compiled to CommonJS evaluate all they require at once. Here `const x_1 = require('./x')`, as TypeScript writes it,
 * becomes a function that requires on first use, as Babel's `lazy` does; what is exported in passing becomes a getter.
 */

const EXPORTED = /^exports\.(\w+) = (__importStar\(require\("[^"]+"\)\));$/gm;
const REQUIRED = /^(?:const|var) (\w+_\d+) = ((?:__importDefault|__importStar)?\(?require\("[^"]+"\)\)?);$/gm;

/** @param source as TypeScript writes CommonJS */
export function lazily(source: string): { readonly text: string; readonly deferred: number } {
  const names: string[] = [];
  let exported = 0;
  const text = source
    .replaceAll(EXPORTED, (_, name: string, load: string) => {
      exported += 1;
      return `{ let it; Object.defineProperty(exports, "${name}", { enumerable: true, get: () => (it ??= ${load}) }); }`;
    })
    .replaceAll(REQUIRED, (_, name: string, load: string) => {
      names.push(name);
      return `let ${name}$; function ${name}$get() { return ${name}$ ??= ${load}; }`;
    });
  return {
    text: names.reduce((so, name) => so.replaceAll(new RegExp(`\\b${name}\\b(?!\\$)`, 'g'), `(${name}$get())`), text),
    deferred: names.length + exported,
  };
}

/** The modules that a text requires as soon as it is loaded. @param text of `lazily` */
export function eagerly(text: string): readonly string[] {
  const late = /^(?:let \w+\$; function |\{ let it; )/;
  return text
    .split('\n')
    .filter((line) => /^\S/.test(line) && !late.test(line))
    .flatMap((line) => [...line.matchAll(/\brequire\(["']([^"']+)["']\)/g)].map(([, module = '']) => module));
}
