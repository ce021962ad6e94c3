import { isPlaceholder, parseDotenv } from '@zebu/kit';
import { hasSecretWord, looksSecret } from '../settings/likely-secret.js';
import type { ComposeFacts } from './compose.js';

const SECRET =
  /PASSWORD|PASSWD|SECRET|TOKEN|PEPPER|SALT|(^|_)(API|PRIVATE|ENCRYPTION|SIGNING|ACCESS|APP|HMAC)_?KEY|^KEY$|_KEY$|CREDENTIAL|_DSN$/;
const OPEN = /(?:^|_)(?:PUBLIC|PUBLISHABLE|SITE|CACHE|SORT|PRIMARY|FOREIGN|PARTITION)(?:_|$)|_FILE$/;

/** What a database keeps its users by: made with the first start of its volume. */
const DATABASE =
  /^(?:POSTGRES(?:QL)?|PG|MYSQL|MARIADB|MONGO(?:DB)?(?:_INITDB)?|REDIS|VALKEY|RABBITMQ(?:_DEFAULT)?|DB|DATABASE|CLICKHOUSE|MINIO|INFLUXDB)_(?:.*_)?(?:PASSWORD|PASS|PASSWD|PWD|PW)$/;
/** Known to nobody but the app itself. */
const INTERNAL =
  /^(?:.*_)?(?:SESSION|COOKIE|JWT|CSRF|SIGNING)_?(?:SECRET|KEY|SALT)$|^(?:DJANGO_|FLASK_|APP_|RAILS_)?SECRET_KEY(?:_BASE)?$|^(?:.*_)?(?:PEPPER|SALT)$/;
/** What data is encrypted, hashed or opened with: another value loses it. */
const LASTING = /PEPPER|SALT|ENCRYPT/;

/** How zebu.yml declares a secret, and why. */
export interface SecretFound {
  readonly name: string;
  /** YAML of the declaration. */
  readonly declaration: string;
  /** What is written beside it. */
  readonly about: string;
  /** Somebody has to give it a value before the first deploy. */
  readonly wanted: boolean;
}

/** Whether a name that has no value yet is one of a secret. */
export function namesSecret(name: string): boolean {
  const upper = name.toUpperCase();
  return (SECRET.test(upper) || hasSecretWord(name)) && !OPEN.test(upper);
}

/** Values of a .env file; none of one that cannot be read, which is said where it is used. */
export function dotenvValues(text: string): ReadonlyMap<string, string> {
  try {
    return parseDotenv(text);
  } catch {
    return new Map();
  }
}

/** What .env says. */
export interface DotenvFound {
  readonly text: string;
  /** It is part of the commit, as in many projects: nothing in it is secret, and placeholders are everybody's. */
  readonly committed: boolean;
}

/** The names of a .env whose values are secrets by their looks. */
export function secretsIn({ text, committed }: DotenvFound): readonly string[] {
  return [...dotenvValues(text)].flatMap(([name, value]) =>
    // What refers to a secret has none of it.
    looksSecret(name, value.replaceAll(/[$][{]\w+[}]/g, '')) && !(committed && isPlaceholder(value)) ? [name] : [],
  );
}

function declare(name: string, value: string | undefined, optional: boolean, running: boolean): SecretFound {
  const has = value !== undefined && value.trim() !== '' && !isPlaceholder(value);
  const upper = name.toUpperCase();
  const bound = DATABASE.test(upper) || LASTING.test(upper);
  const fixed = bound ? ['rotate: never'] : [];
  const say = (parts: readonly string[], about: string, wanted = false): SecretFound => ({
    name,
    declaration: parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`,
    about: [about, ...(bound ? ['data is made with it'] : [])].filter((part) => part !== '').join('; '),
    wanted,
  });
  if (has) return say(fixed, 'from .env');
  const copied = value !== undefined && value.trim() !== '' && isPlaceholder(value);
  // Of a stack that runs already the data has a value, which only its owner knows.
  if (!running && (DATABASE.test(upper) || INTERNAL.test(upper)) && !optional)
    return copied
      ? say(['generate: true', ...fixed], 'still a placeholder in .env: remove it there to have one made', true)
      : say(['generate: true', ...fixed], 'made at the first deploy');
  if (optional || value?.trim() === '')
    return say(['required: false', ...fixed], value === undefined ? '' : 'empty in .env');
  return say(fixed, '', true);
}

/**
 * The secrets of an app: what its Compose files and its example of .env ask for, and what .env holds, as far as it looks like
 * one by its name or its value.
 * @param running the app runs already somewhere, with values of its own
 */
export function findSecrets(
  { variables, wholeEnv }: Pick<ComposeFacts, 'variables' | 'wholeEnv'>,
  { dotenv, example, running }: { readonly dotenv: DotenvFound; readonly example: string; readonly running: boolean },
): readonly SecretFound[] {
  const [values, examples] = [dotenvValues(dotenv.text), dotenvValues(example)];
  const valueOf = (name: string): string | undefined => {
    const value = values.get(name);
    return dotenv.committed && value !== undefined && (value.trim() === '' || isPlaceholder(value)) ? undefined : value;
  };
  const names = new Set([...variables.keys(), ...examples.keys(), ...(wholeEnv ? values.keys() : [])]);
  return [...names]
    .filter((name) => namesSecret(name) || looksSecret(name, valueOf(name) ?? ''))
    .map((name) => declare(name, valueOf(name), variables.get(name)?.optional === true, running));
}
