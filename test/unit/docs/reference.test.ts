/** docs/commands and man/zebu.1, as they are committed: that they are up to date is checked by the build. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../../plugins/kit/src/errors.js';
import { exits } from '../../../plugins/kit/src/exits.js';
import {
  argumentMeaning,
  exitLine,
  flagForms,
  flagMeaning,
  isGlobal,
  synopsis,
} from '../../../scripts/reference/commands.js';
import { STATUSES } from '../../../scripts/reference/exits.js';
import { documentedCommands } from '../../../scripts/reference/load.js';
import { prose, roff } from '../../../scripts/reference/roff.js';
import { shapeOf } from '../../../scripts/reference/shape.js';
import { ROOT } from '../../support/cli.js';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const commands = documentedCommands(read);
const FOLDER = 'docs/commands';
const pages = new Map(readdirSync(join(ROOT, FOLDER)).map((name) => [name, read(`${FOLDER}/${name}`)]));
const man = read('man/zebu.1');

/** Text of the one section of a command, on whichever page it is. */
function sectionOf(id: string): string {
  const found = [...pages.values()].flatMap((text) =>
    text.split(/^## /m).flatMap((part) => (part.startsWith(`${id}\n`) ? [part] : [])),
  );
  expect(found, id).toHaveLength(1);
  return found[0] ?? '';
}

describe('the reference of commands', () => {
  it.each(commands.map(({ id }) => id))('has all there is to say about %s', (id) => {
    const command = commands.find((each) => each.id === id);
    if (command === undefined) return;
    const section = sectionOf(id);
    const words = [
      ...command.examples.map((example) => example.replaceAll('<%= config.bin %>', 'zebu')),
      ...Object.values(command.args).map(({ name }) => `| \`${name.toUpperCase()}\` |`),
      ...Object.values(command.flags)
        .filter((flag) => !isGlobal(flag))
        .flatMap(({ name, env }) => [name, ...(env === undefined ? [] : [`\`${env}\``])]),
      `schema/results/${id.replaceAll(':', '.')}.json`,
      ...Object.keys(command.result.properties ?? {}).map((name) => `  ${name}`),
    ];
    expect(words.filter((word) => !section.includes(word))).toEqual([]);
    expect(pages.get('README.md')).toContain(`[\`${id}\`]`);
    expect(man).toContain(`.SS "${roff(id)}"`);
  });

  it('has links that lead somewhere', () => {
    const anchors = (text: string): string[] =>
      [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      );
    const broken = [...pages].flatMap(([name, text]) =>
      [...text.matchAll(/\]\(([^)#\s]*)(?:#([^)]*))?\)/g)].flatMap(([link, path = '', anchor]) => {
        const file = path === '' ? `${FOLDER}/${name}` : join(dirname(`${FOLDER}/${name}`), path);
        if (!existsSync(join(ROOT, file))) return [`${name}: ${link}`];
        return anchor === undefined || anchors(read(file)).includes(anchor) ? [] : [`${name}: ${link}`];
      }),
    );
    expect(broken).toEqual([]);
  });

  it('leaves no angle bracket to be taken for HTML', () => {
    for (const [name, text] of pages) {
      const outside = text.replaceAll(/^```[^]*?^```$/gm, '').replaceAll(/`[^`]*`/g, '');
      expect(outside.match(/<.*/g) ?? [], name).toEqual([]);
    }
  });
});

describe('exit statuses', () => {
  it('are those of the table of errors, and done', () => {
    expect([...STATUSES.keys()]).toEqual([...new Set([0, ...Object.values(ERROR_CODES)])].toSorted((a, b) => a - b));
  });

  it('are declared on every command, and are among those of the table', () => {
    const unknown = commands.filter(
      ({ exits: declared }) => declared?.statuses.every((each) => STATUSES.has(each)) !== true,
    );
    expect(unknown.map(({ id }) => id)).toEqual([]);
  });

  it('are those any command has, those that it names, and a note', () => {
    expect(exits([])).toEqual({ statuses: [0, 1, 2, 130] });
    expect(exits(['unknown', 'precondition', 'unknown'], 'See there.')).toEqual({
      statuses: [0, 1, 2, 6, 9, 130],
      note: 'See there.',
    });
    const command = { id: 'x:y', aliases: [], examples: [], flags: {}, args: {} };
    expect(exitLine({ ...command, exits: exits(['precondition'], 'See there.') })).toBe('0, 1, 2, 6, 130. See there.');
    expect(exitLine({ ...command, exits: exits([]) }, (statuses) => `[${statuses}]`)).toBe('[0, 1, 2, 130].');
  });

  it('include that of a wrong configuration, where zebu.yml is read', () => {
    // `support` reports a configuration that is wrong instead of ending with it.
    const silent = commands.filter(
      ({ flags, exits: declared }) => 'config' in flags && declared?.statuses.includes(3) !== true,
    );
    expect(silent.map(({ id }) => id)).toEqual(['support']);
  });

  it('are among those said to be possible, where a command was run', () => {
    const ends = [...read('test/integration/cli/modes.golden.txt').matchAll(/^\$ zebu (\S+)[^]*?^\[(\d+)\]$/gm)];
    expect(ends.length).toBeGreaterThan(50);
    const unsaid = ends.filter(([, id, status]) => {
      const command = commands.find((each) => each.id === id);
      return command?.exits?.statuses.includes(Number(status)) !== true;
    });
    expect(unsaid.map(([, id, status]) => `${id} ${status}`)).toEqual([]);
  });
});

describe('the words of a reference', () => {
  it('say what to type', () => {
    const command = { id: 'x:y', aliases: [], examples: [], flags: {}, args: {} };
    const a = { name: 'name', required: true };
    const b = { name: 'other' };
    expect(synopsis({ ...command, args: { a, b } })).toBe('zebu x:y NAME [OTHER]');
    expect(synopsis({ ...command, strict: false, args: { a } })).toBe('zebu x:y NAME...');
    expect(synopsis({ ...command, usage: 'x:y A [-- B...]', strict: false })).toBe('zebu x:y A [-- B...]');
    const flag = { name: 'tail', type: 'option', char: 'n', helpValue: 'LINES', default: '50' } as const;
    expect(flagForms(flag)).toBe('-n, --tail LINES');
    expect(flagMeaning({ ...flag, description: 'Lines.', dependsOn: ['follow'], exclusive: ['all'] })).toBe(
      'Lines. Default: 50. Only with --follow. Not with --all.',
    );
    expect(
      argumentMeaning({ name: 'shell', description: 'The shell.', options: ['bash', 'fish'], required: true }),
    ).toBe('The shell. One of bash, fish.');
  });

  it('write a schema as a type', () => {
    const list = { type: 'array', items: { type: ['string', 'null'] } } as const;
    const schema = {
      type: 'object',
      properties: {
        list,
        kind: { enum: ['a', 'b'] },
        more: { type: 'object', additionalProperties: { type: 'integer' } },
      },
      required: ['list', 'kind'],
    } as const;
    expect(shapeOf({ anyOf: [{ ...schema, properties: { ...schema.properties } }, { type: 'null' }] })).toBe(
      '{\n  list: (string | null)[]\n  kind: "a" | "b"\n  more?: { [name]: number }\n} | null',
    );
  });
});

describe('the man page', () => {
  const MACROS = new Set(['TH', 'SH', 'SS', 'PP', 'TP', 'RS', 'RE', 'nf', 'fi', 'br', 'nh', 'ad']);

  it('has no request but those of the man macros, and only ASCII', () => {
    const lines = man.split('\n').filter((line) => /^[.']/.test(line) && !line.startsWith('.\\"'));
    expect(lines.filter((line) => !MACROS.has(line.slice(1).split(' ', 1)[0] ?? ''))).toEqual([]);
    expect(man).toMatch(/^[\n -~]*$/);
    expect(man.match(/^\.RS$/gm)?.length).toBe(man.match(/^\.RE$/gm)?.length);
    expect(man.match(/^\.nf$/gm)?.length).toBe(man.match(/^\.fi$/gm)?.length);
  });

  it('prints what was meant, whatever it begins with or holds', () => {
    expect(roff(".env isn't \\n --json")).toBe('\\&.env isn\\(aqt \\en \\-\\-json');
    expect(prose('`.env` of “it”')).toBe('\\fB.env\\fP of \\[u201C]it\\[u201D]');
    expect(prose('a ` alone')).toBe('a \\(ga alone');
  });

  it.skipIf(spawnSync('groff', ['--version']).error !== undefined)('is taken by groff without a warning', () => {
    const run = spawnSync('groff', ['-man', '-ww', '-Tutf8', join(ROOT, 'man/zebu.1')], { encoding: 'utf8' });
    expect([run.status, run.stderr]).toEqual([0, '']);
    const text = run.stdout.replaceAll(/\u001b\[[\d;]*m|.\u0008/g, '');
    expect(text).toContain('--lock-wait SECONDS');
    expect(text).toContain('zebu app:follow $(zebu app:deploy --tag v1.2 --detach)');
  });

  it('is in the package', () => {
    const { man: page, files } = JSON.parse(read('package.json')) as { man: string[]; files: string[] };
    // npm links manual pages only from a list.
    expect(page).toEqual(['./man/zebu.1']);
    expect(files).toContain('man');
  });
});
