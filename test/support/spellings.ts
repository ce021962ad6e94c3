import { randomBytes } from 'node:crypto';

/**
 * Values and the ways they are spelled, for tests of what masks them. Written apart from what masks, with the programs' own
 * functions where there are any.
 */
export interface Spelling {
  readonly name: string;
  readonly spell: (value: string) => string;
}

const unicode = (text: string, pattern: RegExp): string =>
  text.replaceAll(pattern, (each) => String.raw`\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
const json = (text: string): string => JSON.stringify(text).slice(1, -1);
const html = (text: string, names: Readonly<Record<string, string>>): string =>
  text.replaceAll(/[&<>"']/g, (each) => names[each] ?? each);
const lines = (text: string, width: number): string =>
  text.match(new RegExp(`.{1,${width}}`, 'gs'))?.join('\n') ?? text;
const base64At = (offset: number, coding: 'base64' | 'base64url') => (value: string) =>
  Buffer.concat([Buffer.from('xyz'.slice(0, offset)), Buffer.from(value), Buffer.from('tail')]).toString(coding);

export const SPELLINGS: readonly Spelling[] = [
  { name: 'raw', spell: (value) => value },
  { name: 'JSON', spell: json },
  { name: 'JSON in JSON', spell: (value) => json(json(value)) },
  { name: 'JSON of Go', spell: (value) => unicode(json(value), /[<>&\u2028\u2029]/g) },
  { name: 'JSON of Python', spell: (value) => unicode(json(value), /[\u0080-\uffff]/g) },
  { name: 'JSON of PHP', spell: (value) => unicode(json(value), /[\u0080-\uffff]/g).replaceAll('/', String.raw`\/`) },
  { name: 'quotes of a shell', spell: (value) => `'${value.replaceAll("'", String.raw`'\''`)}'` },
  { name: 'two kinds of quotes of a shell', spell: (value) => `'${value.replaceAll("'", `'"'"'`)}'` },
  {
    name: 'backslashes of a shell',
    spell: (value) => value.replaceAll(/[^A-Za-z0-9_@%+=:,./-]/g, (each) => `\\${each}`),
  },
  { name: 'double quotes of a shell', spell: (value) => value.replaceAll(/["$`\\]/g, (each) => `\\${each}`) },
  { name: "$'…' of a shell", spell: (value) => `$'${value.replaceAll(/['\\]/g, (each) => `\\${each}`)}'` },
  {
    name: 'octal of a shell',
    spell: (value) =>
      [...Buffer.from(value)]
        .map((byte) =>
          byte > 126 || byte < 33 || byte === 39 || byte === 92
            ? `\\${byte.toString(8).padStart(3, '0')}`
            : String.fromCharCode(byte),
        )
        .join(''),
  },
  {
    name: 'bytes of Python',
    spell: (value) =>
      [...Buffer.from(value)]
        .map((byte) =>
          byte > 126 || byte < 32
            ? `\\x${byte.toString(16).padStart(2, '0')}`
            : byte === 92
              ? '\\\\'
              : String.fromCharCode(byte),
        )
        .join(''),
  },
  { name: 'URL', spell: encodeURIComponent },
  {
    name: 'URL, lower case',
    spell: (value) => encodeURIComponent(value).replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  },
  { name: 'form', spell: (value) => encodeURIComponent(value).replaceAll('%20', '+') },
  { name: 'URL in a URL', spell: (value) => encodeURIComponent(encodeURIComponent(value)) },
  {
    name: 'HTML',
    spell: (value) => html(value, { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }),
  },
  {
    name: 'HTML of Go',
    spell: (value) => html(value, { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#x27;' }),
  },
  { name: 'HTML in JSON of Go', spell: (value) => unicode(json(html(value, { '&': '&amp;', '"': '&quot;' })), /&/g) },
  { name: 'Compose', spell: (value) => value.replaceAll('$', '$$$$') },
  { name: 'Compose in JSON', spell: (value) => json(value.replaceAll('$', '$$$$')) },
  { name: 'YAML', spell: (value) => `'${value.replaceAll("'", "''")}'` },
  { name: 'CSV', spell: (value) => `"${value.replaceAll('"', '""')}"` },
  ...[0, 1, 2].map((offset) => ({ name: `base64 at ${offset}`, spell: base64At(offset, 'base64') })),
  ...[0, 1, 2].map((offset) => ({ name: `base64url at ${offset}`, spell: base64At(offset, 'base64url') })),
  { name: 'base64 in lines of 76', spell: (value) => lines(base64At(1, 'base64')(value), 76) },
  { name: 'base64 in lines of 20', spell: (value) => lines(base64At(2, 'base64')(value), 20) },
  { name: 'base64 in JSON', spell: (value) => json(lines(base64At(0, 'base64')(value), 76)) },
  { name: 'base64 in a URL', spell: (value) => encodeURIComponent(base64At(0, 'base64')(value)) },
  { name: 'folded', spell: (value) => lines(value, 20) },
  { name: 'folded narrowly', spell: (value) => lines(value, 7) },
  { name: 'quoted-printable', spell: (value) => value.match(/.{1,30}/gs)?.join('=\n') ?? value },
  { name: 'hex', spell: (value) => Buffer.from(value).toString('hex') },
  { name: 'hex, upper case', spell: (value) => Buffer.from(value).toString('hex').toUpperCase() },
  { name: 'cut off at the end', spell: (value) => value.slice(0, 13) },
  { name: 'cut off at the start', spell: (value) => value.slice(-14) },
  { name: 'cut off in base64', spell: (value) => base64At(0, 'base64')(value).slice(3, 27) },
  { name: 'cut off in JSON', spell: (value) => json(value).slice(0, 24) },
];

/** A value that every spelling has to do something about. */
export const oddValue = (): string =>
  `${randomBytes(6).toString('base64url')}&<"'$\\ ü€%+/=>${randomBytes(9).toString('base64url')}`;

/** Whether a text still has 12 characters of the value in a row, as they are or as base64 or hex has them. */
export function remains(text: string, value: string): boolean {
  const bytes = Buffer.from(value);
  const spelled = [
    value,
    ...[0, 1, 2].map((offset) =>
      Buffer.concat([Buffer.alloc(offset), bytes])
        .toString('base64')
        .slice([0, 2, 3][offset], Math.floor(((offset + bytes.length) * 8) / 6)),
    ),
    bytes.toString('hex'),
  ];
  const folded = text.replaceAll(/=?\n/g, '').replaceAll('-', '+').replaceAll('_', '/');
  return spelled.some((form) => {
    const also = form.replaceAll('-', '+').replaceAll('_', '/');
    for (let at = 0; at + 12 <= form.length; at++)
      if (
        text.toLowerCase().includes(form.slice(at, at + 12).toLowerCase()) ||
        folded.includes(also.slice(at, at + 12))
      )
        return true;
    return false;
  });
}
