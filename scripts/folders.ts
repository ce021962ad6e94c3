/**
 * Prints the folders of src/lib with what each imports, and fails on an import against the direction that
 * scripts/house/table.ts gives. `npm run folders`.
 */
import { againstDirection, importsOf } from './house/imports.ts';
import { FOLDERS } from './house/table.ts';

const imports = importsOf(new URL('../src/lib/', import.meta.url));
for (const { name, holds } of FOLDERS) {
  const used = [...new Set(imports.filter(({ from }) => from === name).map(({ to }) => to))];
  console.log(`${name.padEnd(16)} ${holds}`);
  if (used.length > 0) console.log(`${''.padEnd(16)}   imports ${used.toSorted().join(', ')}`);
}
const wrong = againstDirection(imports);
for (const line of wrong) console.error(line);
console.log(`${imports.length} imports between ${FOLDERS.length} folders, ${wrong.length} against the direction`);
process.exitCode = wrong.length > 0 ? 1 : 0;
