import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { ROOT } from '../cli.js';

/** The project that has every feature: the folder of test/fixtures. */
export const FOLDER = `${ROOT}test/fixtures/compose-features`;
const FILES = ['compose.yml', 'parts/included.yml', 'parts/inner/compose.yml', 'parts/common.yml'];

type Members = Readonly<Record<string, unknown>>;
const members = (value: unknown): Members =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Members) : {};

const files = FILES.map((file) => {
  const text = readFileSync(`${FOLDER}/${file}`, 'utf8');
  return { text, top: members(parse(text, { merge: true })) };
});

/** What stands below a name in any element: `services.build.args` in each service. */
function below(value: unknown, path: readonly string[]): boolean {
  const [first, ...rest] = path;
  if (first === undefined) return true;
  if (Array.isArray(value)) return value.some((each) => below(each, path));
  if (!Object.hasOwn(members(value), first)) return false;
  const next = members(value)[first];
  // Of networks it is those of each that is named, and a volume's type is a value.
  if (first === 'volumes' && rest.length === 1 && rest[0] === 'image')
    return (Array.isArray(next) ? next : []).some((each) => members(each)['type'] === 'image');
  return below(next, rest) || (first === 'networks' && Object.values(members(next)).some((each) => below(each, rest)));
}

/**
 * Where the project has a feature: names of services, networks and so on; `top` for what stands at the top.
 * @param name as a row has it
 */
export function holders(name: string): readonly string[] {
  const [section = '', ...path] = name.split('.');
  if (name === 'x-') return files.some(({ text }) => /^x-.*&/m.test(text)) ? ['top'] : [];
  if (name === 'interpolation') return files.some(({ text }) => text.includes('${')) ? ['top'] : [];
  return files.flatMap(({ top }) => {
    if (path.length === 0) return Object.hasOwn(top, section) ? ['top'] : [];
    return Object.entries(members(top[section])).flatMap(([holder, value]) => (below(value, path) ? [holder] : []));
  });
}
