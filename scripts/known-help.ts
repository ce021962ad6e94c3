/**
 * What help says of the commands that come with zebu, so that it need not look for all plugins first: what lists name of each command
 * in one file, and all that its own help says in another.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Interfaces } from '@oclif/core';
import { helpFile } from '../src/lib/cli/help-file.ts';
import type { KnownPlugin } from '../src/lib/cli/known-help.js';

interface Manifest {
  readonly commands: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

function read<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

/** What lists, topics and the search for a command go by. */
const LISTED = [
  'id',
  'aliases',
  'hiddenAliases',
  'hidden',
  'summary',
  'pluginAlias',
  'pluginName',
  'pluginType',
  'state',
  'deprecateAliases',
  'deprecationOptions',
] as const;

/** Topics and those below them, each with its whole name. */
function named(topics: Interfaces.PJSON['oclif']['topics'], above = ''): Interfaces.Topic[] {
  return Object.entries(topics ?? {}).flatMap(([key, { subtopics, ...topic }]) => {
    const name = `${above}${key}`;
    return [{ ...topic, name }, ...named(subtopics, `${name}:`)];
  });
}

/** @param root folder of the repository, ending in a slash @param folder to write into, ending in a slash */
export function writeKnownHelp(root: string, folder: string): void {
  const zebu = read<Interfaces.PJSON>(`${root}package.json`);
  const plugins = [
    { name: zebu.name, at: root },
    ...(zebu.oclif.plugins ?? []).map((name) => ({ name, at: `${root}node_modules/${name}/` })),
  ];
  mkdirSync(folder, { recursive: true });
  const known = plugins.flatMap(({ name, at }): readonly KnownPlugin[] => {
    const pjson = read<Interfaces.PJSON>(`${at}package.json`);
    // A transport has none, and so there is no manifest.
    if (pjson.oclif.commands === undefined) return [];
    const { commands } = read<Manifest>(`${at}oclif.manifest.json`);
    for (const [id, command] of Object.entries(commands)) {
      const file = helpFile(folder, name, id);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, JSON.stringify(command));
    }
    const listed = Object.values(commands).map((command) => ({
      ...Object.fromEntries(LISTED.filter((key) => key in command).map((key) => [key, command[key]])),
      // In a list it stands for a summary that there is none of.
      ...(command['summary'] === undefined ? { description: command['description'] } : {}),
    }));
    return [
      {
        name,
        version: pjson.version,
        topics: named(pjson.oclif.topics),
        commands: listed as unknown as KnownPlugin['commands'],
      },
    ];
  });
  writeFileSync(`${folder}index.json`, JSON.stringify(known));
}
