import { ZebuError } from '@zebu/kit';
import { SCRIPT_FILES } from './pin.js';

/** The addresses of the moving `main` that the files name; each becomes the folder with the checked copies. */
const BASES = [
  'https://git.community-scripts.org/community-scripts/ProxmoxVE/raw/branch/main',
  'https://raw.githubusercontent.com/community-scripts/ProxmoxVE/main',
];

/** The address where a pinned file, or one that a variable names, is taken from; not that of a picture in a text. */
function sourced(base: string): RegExp {
  const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`${escape(base)}(?=/(?:${SCRIPT_FILES.map(escape).join('|')})(?![\\w./-])|/\\$|["'}])`, 'g');
}

/** A file that is fetched to be run or shown: `curl … URL`, the URL perhaps through a variable set above. */
const FETCHED =
  /curl\s[^|;&\n]{0,2000}?(https?:\/\/(?:git\.community-scripts\.org|raw\.githubusercontent\.com)[^\s"')]*)/g;
const BY_VARIABLE = /\$\{?COMMUNITY_SCRIPTS_URL\}?\/([A-Za-z0-9_./-]+)/g;

/**
 * Changes where a file takes its others from, and nothing else.
 * @param folder on the host, holding the checked files
 * @throws SCRIPT_CHANGED when it would still fetch something that is not pinned
 */
export function rewriteSources(path: string, text: string, folder: string): string {
  const pinned: ReadonlySet<string> = new Set(SCRIPT_FILES);
  const unknown = (what: string): ZebuError =>
    new ZebuError(
      'SCRIPT_CHANGED',
      `${path} of the community script takes ${what} from the network, which is not pinned`,
      {
        hint: 'This version of zebu does not know it. Use vm.provisioner cloud-image, or a pin that zebu knows.',
      },
    );
  for (const [, relative = ''] of text.matchAll(BY_VARIABLE)) if (!pinned.has(relative)) throw unknown(relative);
  const rewritten = BASES.reduce((result, base) => result.replaceAll(sourced(base), `file://${folder}`), text);
  for (const [, url = ''] of codeOf(rewritten).matchAll(FETCHED)) throw unknown(url);
  return rewritten;
}

/** Without comment lines: usage examples in them fetch nothing. */
function codeOf(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n');
}
