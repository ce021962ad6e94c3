import { masking, variables } from '@zebu/kit';
import { appLayout } from '../layout.js';
import FIND_MASKS from './find-masks.sh';
import MASK_PROGRAM from './mask.pl';
import MASK from './mask.sh';

const { GRAM, PIECE, VARIED, DEPTH, READINGS, CONTROLS, ENTITIES, LIMITS } = masking;

const perlString = (text: string): string =>
  `"${[...text].map((each) => `\\x{${(each.codePointAt(0) ?? 0).toString(16)}}`).join('')}"`;
const perlHash = (map: Readonly<Record<string, string>>): string =>
  Object.entries(map)
    .map(([key, value]) => `${key} => ${perlString(value)}`)
    .join(', ');

/** The table as Perl has it: sign, whether alone, pattern, kinds. */
const TABLE = READINGS.map(
  ({ sign, alone, tokens }) =>
    `[${perlString(sign)}, ${alone === true ? 1 : 0}, [${tokens.map(([source]) => `qr~${source}~`).join(', ')}], [${tokens
      .map(([, kind]) => `'${kind}'`)
      .join(', ')}]]`,
).join(',\n  ');

/** mask.pl with its table in front. */
export const MASKS_PERL = [
  'use strict; no warnings;',
  `my ($GRAM, $PIECE, $VARIED, $DEPTH) = (${[GRAM, PIECE, VARIED, DEPTH].join(', ')});`,
  `my ($NEVER, $ANYWHERE, $WORD, $NAME, $NUMBER) = (${[LIMITS.masked, LIMITS.anywhere, LIMITS.word, LIMITS.name, LIMITS.number].join(', ')});`,
  `my %CONTROLS = (${perlHash(CONTROLS)});`,
  `my %ENTITIES = (${perlHash(ENTITIES)});`,
  `my @READINGS = (${TABLE});`,
  MASK_PROGRAM,
].join('\n');

/** Defines `mask` in a script that sets `$masks`; see mask.sh. */
export const MASK_FUNCTION = variables({ mask_program: MASKS_PERL }) + MASK;

/** What find-masks.sh finds set. */
export const maskValues = (app: string): Readonly<Record<string, string>> => ({
  mask_program: MASKS_PERL,
  secrets_folder: appLayout(app).secrets,
});

/** Sets `$masks` and `mask` in a script, for an app. */
export const setMasks = (app: string): string => variables(maskValues(app)) + FIND_MASKS;
