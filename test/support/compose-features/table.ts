import type { Row } from './row.js';

const SECTIONS = [
  ['services.build.', 'build'],
  ['services.deploy.', 'deploy'],
  ['services.', 'services'],
  ['networks.', 'networks'],
  ['volumes.', 'volumes'],
  ['configs.', 'configs'],
  ['secrets.', 'secrets'],
] as const;

function placed(name: string): { readonly section: string; readonly feature: string } {
  for (const [prefix, section] of SECTIONS)
    if (name.startsWith(prefix)) return { section, feature: name.slice(prefix.length) };
  return { section: 'top', feature: name };
}

const ATTRIBUTE = /^[a-z0-9_.]+$/;
const shown = (feature: string): string => (ATTRIBUTE.test(feature) ? `\`${feature}\`` : feature);

/** The table of the documentation: what has nothing to be said of it stands in the first line of its section. */
export function composeTable(rows: readonly Row[]): readonly (readonly string[])[] {
  const order = ['top', 'services', 'build', 'deploy', 'networks', 'volumes', 'configs', 'secrets'];
  return order.flatMap((section) => {
    const own = rows.map((row) => ({ ...row, ...placed(row.name) })).filter((row) => row.section === section);
    const grouped = new Map<string, string[]>();
    for (const { as, says = '', feature } of own) {
      const key = `${as}|${says}`;
      grouped.set(key, [...(grouped.get(key) ?? []), feature]);
    }
    const lines = [...grouped].map(([key, features]) => {
      const cut = key.indexOf('|');
      const names = features.toSorted().map(shown).join(', ');
      return { line: [section, names, key.slice(0, cut), key.slice(cut + 1)], plain: cut === key.length - 1 };
    });
    return [...lines.filter(({ plain }) => plain), ...lines.filter(({ plain }) => !plain)].map(({ line }) => line);
  });
}
