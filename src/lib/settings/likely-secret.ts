/** Words that end the name of a secret. */
const SECRET_WORDS =
  /^(?:.*PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|PW|.*SECRET|.*TOKEN|.*APIKEY|KEY|PEPPER|SALT|CREDENTIALS?|DSN|PRIVATE)$/;
/** A key that everybody may see, or a word that only looks like one. */
const OPEN_WORDS = /(?:^|_)(?:PUBLIC|PUBLISHABLE|SITE|CACHE|SORT|PRIMARY|FOREIGN|PARTITION)(?:_|$)/;
/** Names of digests and versions, which are long and random without being secret. */
const DIGEST_NAME =
  /(?:^|_)(?:SHA\d*|DIGEST|COMMIT|REVISION|REV|REF|VERSION|CHECKSUM|HASH|ETAG|ID|UUID|IMAGE|TAG|FINGERPRINT)$/;

const HARMLESS_VALUE = /^(?:true|false|yes|no|on|off|none|null|\d{1,3})$/i;
const PATH_VALUE = /^(?:~|\.{1,2})?\/[\w@.+/-]*$/;

const KNOWN_TOKENS = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /^(?:sk|rk|pk)_live_[A-Za-z0-9]{10,}/,
  /^gh[pousr]_[A-Za-z0-9]{20,}/,
  /^github_pat_[A-Za-z0-9_]{20,}/,
  /^glpat-[A-Za-z0-9_-]{15,}/,
  /^xox[abprs]-[A-Za-z0-9-]{10,}/,
  /^AKIA[0-9A-Z]{16}$/,
  /^AIza[0-9A-Za-z_-]{30,}$/,
  /^eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\./,
];

/** Bits a character, from how often each one comes. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** A long word that nobody would think of. */
function isRandom(value: string): boolean {
  if (/^[0-9a-f]{32,}$/i.test(value)) return entropy(value) > 3;
  if (!/^[A-Za-z0-9+/_=-]{24,}$/.test(value)) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/].filter((kind) => kind.test(value)).length;
  return kinds === 3 && entropy(value) > 4;
}

/** `scheme://user:password@host` */
function hasPassword(value: string): boolean {
  return /^[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/?#@:]{0,200}:[^\s/?#@]{1,1000}@/i.test(value);
}

/** A name as its words are looked at. */
const inWords = (name: string): string => name.toUpperCase().replaceAll(/[.-]/g, '_');

/** Whether a name ends as those of secrets do, whatever it has for a value. */
export function hasSecretWord(name: string): boolean {
  const upper = inWords(name);
  return !OPEN_WORDS.test(upper) && SECRET_WORDS.test(upper.split('_').at(-1) ?? '');
}

/** Whether a value that is not declared as a secret looks like one, by its name or by itself. */
export function looksSecret(name: string, value: string): boolean {
  const text = value.trim();
  if (text === '' || HARMLESS_VALUE.test(text)) return false;
  if (KNOWN_TOKENS.some((pattern) => pattern.test(text)) || hasPassword(text)) return true;
  const upper = inWords(name);
  if (OPEN_WORDS.test(upper) || PATH_VALUE.test(text)) return false;
  if (hasSecretWord(name)) return true;
  return !DIGEST_NAME.test(upper) && !/@sha256:/.test(text) && isRandom(text);
}
