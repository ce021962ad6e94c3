import type { ConfigKey } from './keys.js';

const INTRODUCTION = `# Configuration reference

Generated from the schema that validates \`zebu.yml\`; do not edit.

\`zebu.yml\` is looked for in the working directory and upwards. \`--env staging\` overlays \`zebu.staging.yml\`. Every key has
a variable and can be set with \`--set key=value\`. Flags win over the environment, that over the overlay, that over the
file, that over the defaults. In variables and in \`--set\`, lists are comma-separated (\`a,b\`) or YAML (\`[a, b]\`); an empty
variable counts as unset. \`null\` in an overlay takes a key back to its default. \`zebu config:show\` says what is in force
and where each value came from.
`;

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function defaultCell(key: ConfigKey): string {
  if (key.required) return 'required';
  return key.default === undefined ? '' : `\`${cell(JSON.stringify(key.default))}\``;
}

/** docs/configuration.md: one table for each top-level section. */
export function configReference(keys: readonly ConfigKey[]): string {
  const sections = Map.groupBy(keys, (key) => key.path.split('.')[0] ?? '');
  const tables = [...sections].map(([section, members]) =>
    [
      `## ${section}`,
      '',
      '| key | variable | type | default | meaning |',
      '| --- | --- | --- | --- | --- |',
      ...members.map(
        (key) =>
          `| \`${key.path}\` | \`${key.variable}\` | ${key.type} | ${defaultCell(key)} | ${cell(key.description)} |`,
      ),
      '',
    ].join('\n'),
  );
  return [INTRODUCTION, ...tables].join('\n');
}
