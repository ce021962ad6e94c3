/**
 * Patterns for what identifies somebody by its form alone. The text comes from anywhere: a line of a log may be megabytes of one letter.
 * So no rule may take more than a few hundred characters at a place, nor begin inside what it could have begun with: every
 * repetition is bounded, and what begins with one looks behind itself.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { MASK } from '@zebu/kit/core';
import type { Names } from './names.js';

type Rule = readonly [pattern: RegExp, replace: (names: Names, match: readonly string[]) => string];

/** Credentials that nobody told us of: a value of an app that is no declared secret, a header in an error. */
const CREDENTIALS: readonly Rule[] = [
  [/-----BEGIN [^-\n]{1,80}-----[\s\S]*?(?:-----END [^-\n]{1,80}-----|$)/g, () => MASK],
  [/:\/\/[^\s@"'<>/:]{0,256}:[^\s@"'<>]{0,1024}@/g, () => `://${MASK}@`],
  [/:\/\/[^\s@"'<>/]{1,1024}@/g, () => `://${MASK}@`],
  [/(https?:\/\/[^\s?#"'<>]{1,1024})\?[^\s"'<>]+/g, (_, [, url = '']) => `${url}?${MASK}`],
  [
    /\b(Bearer|Basic|PVEAPIToken)([ =]{1,8})(?!\[)[\w.~+/=!@:-]{6,}/gi,
    (_, [, word = '', gap = '']) => word + gap + MASK,
  ],
  [
    /\b(gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|npm_\w{16,}|xox[a-z]-[\w-]{8,}|[sr]k[-_][\w-]{16,}|A(?:KI|SI)A[0-9A-Z]{12,}|(?<![\w-])eyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?)/g,
    () => MASK,
  ],
  [
    /(?<![\w.-])[\w.-]{1,64}@[\w-]{1,64}![\w.-]{1,128}(?:=[\w-]{1,128})?/g,
    (names, [token = '']) => names.of('token', token.replace(/=.*/, '')),
  ],
  [
    /((?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|credential|private[_-]?key)[\w.-]{0,64}["']?(?:\s{0,8}=\s{0,8}|\s{0,8}:\s{1,8}|":))(["']?)(?![[{<])[^\s"',;]+/gi,
    (_, [, name = '', quote = '']) => name + quote + MASK,
  ],
];

const ADDRESSES: readonly Rule[] = [
  [
    /\b(?:ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-[\w-]{1,32}|sk-[\w@.-]{1,64}) {1,8}AAAA[\w+/=]+(?: [^\s"',]+)?/g,
    (names, [key = '']) => names.of('key', key.split(/ +/)[1] ?? key),
  ],
  [/\bSHA256:[\w+/]{20,}=*/g, (names, [print = '']) => names.of('fingerprint', print)],
  [/(?<![\w:])(?:[0-9a-f]{2}:){15,63}[0-9a-f]{2}(?![\w:])/gi, (names, [print = '']) => names.of('fingerprint', print)],
  [
    /(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,16}[a-z]{2,24}(?![\w-])/gi,
    (names, [email = '']) => names.of('email', email),
  ],
  [
    /(?<![0-9a-f:-])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?![0-9a-f:-])/gi,
    (names, [mac = '']) => names.of('mac', mac.replaceAll('-', ':')),
  ],
  [
    /(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{1,4})?(?![\w:])/gi,
    (names, [ip = '']) => (isIPv6(ip) && ip !== '::' && ip !== '::1' ? names.of('ip', ip) : ip),
  ],
  [
    /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)/g,
    // They are the same on every machine.
    (names, [ip = '']) => (isIPv4(ip) && !/^(127\.|0\.0\.0\.0$|255\.)/.test(ip) ? names.of('ip', ip) : ip),
  ],
];

/** Ends of file names; none of them is a domain. */
const FILES = new Set(
  'bak cfg cjs conf crt css csv d env error exe gz html img ini iso js json jsonl key lock log md mjs mount part pem php pub qcow raw rules sed service sh socket sql tar target timer tgz toml ts txt xml xz yaml yml zip'.split(
    ' ',
  ),
);
/** Ends of file names that are domains as well: a host where something says so. */
const EITHER = new Set(['md', 'sh', 'zip']);

/** Labels of containers, privileges of Proxmox. */
const NO_HOSTS =
  /^(?:(?:com|io|org)\.(?:containerd|docker|opencontainers)\.|(?:VM|Datastore|Sys|SDN|Pool|User|Realm|Mapping|Permissions|Group)\.[A-Z])/;

function hostsIn(text: string, names: Names, keys: ReadonlySet<string>): string {
  const pattern =
    /(?<![\w.-])((?:\/\/|@)?)((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,32}([a-z]{2,24}))(?![\w-]|\.\w)(:\d{1,5}\b|\/)?/gi;
  return text.replaceAll(pattern, (match, before: string, host: string, end: string, behind: string | undefined) => {
    const last = end.toLowerCase();
    const located = before !== '' || behind !== undefined;
    if (FILES.has(last) && !(EITHER.has(last) && located)) return match;
    if (NO_HOSTS.test(host) || (keys.has(host) && !located)) return match;
    return `${before}${names.of('host', host)}${behind ?? ''}`;
  });
}

/** Logins, where something says that they are: in front of a host, in the path of a home. */
const LOGINS: readonly Rule[] = [
  [
    /\/(home|Users)\/([\w.-]+)/g,
    (names, [, folder = '', user = '']) => `/${folder}/${names.isOrdinary(user) ? user : names.of('user', user)}`,
  ],
  [
    /(?<![\w.@/-])([\w.-]{1,64})@(<(?:host|ip)-\d{1,6}>)/g,
    (names, [, user = '', host = '']) => `${names.isOrdinary(user) ? user : names.of('user', user)}@${host}`,
  ],
  [
    // Not a version behind a package, a digest behind an image, a realm of Proxmox.
    /(?<![\w.@/-])([a-z_][\w.-]{0,63})@(?!sha\d|pam\b|pve\b)([a-z][\w-]{0,62})(?![\w-])(?![\w./:-]{0,128}@)/gi,
    (names, [, user = '', host = '']) => {
      const shown = (kind: 'host' | 'user', word: string): string =>
        names.isOrdinary(word) ? word : names.of(kind, word);
      return `${shown('user', user)}@${shown('host', host)}`;
    },
  ],
];

function apply(rules: readonly Rule[], text: string, names: Names): string {
  return rules.reduce(
    (out, [pattern, replace]) => out.replaceAll(pattern, (...match: string[]) => replace(names, match)),
    text,
  );
}

export const withoutCredentials = (text: string, names: Names): string => apply(CREDENTIALS, text, names);

/** @param keys dotted words that are no hosts: the keys of the configuration */
export function withoutNames(text: string, names: Names, keys: ReadonlySet<string>): string {
  const learned = names.replaceLearned(apply(ADDRESSES, text, names));
  return apply(LOGINS, hostsIn(learned, names, keys), names);
}
