import { variables } from '@zebu/kit';
import type { AppLayout } from '../layout.js';
import STORE_PART from './store-part.sh';
import STORE_SURVEY from './store-survey.sh';

/** Versions kept beyond those that releases refer to. */
const KEPT = 10;

export function storeSurveyScript(layout: AppLayout): string {
  return variables({ base: layout.base }) + STORE_SURVEY;
}

export interface SecretsPart {
  /** Bytes of the bundle on standard input. */
  readonly size: number;
  /** Number of the version the bundle was compared with. */
  readonly expected: number;
  /** The version is in place only once the runner has begun with it: `N.env.new`. */
  readonly staged: boolean;
}

/** What store-part.sh finds set. */
export const secretsValues = ({ size, expected, staged }: SecretsPart): Readonly<Record<string, number | string>> => ({
  secrets_size: size,
  expected,
  suffix: staged ? '.new' : '',
  kept: KEPT,
});

/** Makes a version of the secrets on standard input; under the lock, in the app's folder, umask 077. */
export const secretsPart = (part: SecretsPart): string => variables(secretsValues(part)) + STORE_PART;
