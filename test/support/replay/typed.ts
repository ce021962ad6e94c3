/**
 * What differs between two nodes by nature, replaced by its kind: ids of tasks and processes, moments, durations, speeds,
 * checksums, MACs, UUIDs. Everything else of a text has to be the same, byte for byte.
 */

interface Kind {
  readonly what: string;
  readonly pattern: RegExp;
  readonly as: (...found: readonly string[]) => string;
}

/** SHA-1 of nothing: a configuration that is not there. */
const NOTHING = 'da39a3ee5e6b4b0d3255bfef95601890afd80709';

const mask = (text: string): string => '#'.repeat(text.length);

const KINDS: readonly Kind[] = [
  {
    what: 'task',
    pattern: /UPID:([\w-]+):[0-9A-F]{8}:[0-9A-F]{8,9}:[0-9A-F]{8}:/g,
    as: (_, node = '') => `UPID:${node}:<pid>:<start>:<time>:`,
  },
  { what: 'UUID', pattern: /\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, as: () => '<uuid>' },
  { what: 'fingerprint', pattern: /\b[0-9A-F]{2}(:[0-9A-F]{2}){31}\b/g, as: () => '<fingerprint>' },
  { what: 'MAC', pattern: /\b(BC:24:11|02:42)(:[0-9A-F]{2}){3,4}\b/gi, as: () => '<mac>' },
  { what: 'address', pattern: /\b(10\.77\.0|fe80::[0-9a-f:]*)[.:][0-9a-f]+\b/g, as: () => '<address>' },
  { what: 'kernel', pattern: /#\d+ SMP.*$/gm, as: () => '<build>' },
  { what: 'digest', pattern: /\b[0-9a-f]{40}\b/g, as: (digest = '') => (digest === NOTHING ? digest : '<sha1>') },
  { what: 'moment', pattern: /\b20\d\d([-/_])\d\d\1\d\d[ -]\d\d([:_])\d\d\2\d\d\b/g, as: () => '<moment>' },
  { what: 'moment', pattern: /\b[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d 20\d\d\b/g, as: () => '<moment>' },
  { what: 'duration', pattern: /\(\d\d:\d\d:\d\d\)/g, as: () => '(<duration>)' },
  { what: 'seconds since 1970', pattern: /\b1[78]\d{8}\b/g, as: () => '<time>' },
  {
    what: 'process',
    pattern: /(\.tmp_dwnl\.|vzdumptmp|socat\[|qm-import-)\d+/g,
    as: (_, before = '') => `${before}<pid>`,
  },
  { what: 'process', pattern: /("pid" : )\d+/g, as: (_, before = '') => `${before}<pid>` },
  { what: 'address', pattern: /\b0x[0-9a-f]{6,}\b/g, as: () => '<address>' },
  { what: 'speed', pattern: /\(\d+(\.\d+)? [KMG]?B\/s\)/g, as: () => '(<speed>)' },
  // Of a download: dots with how much, how fast and how long.
  { what: 'progress', pattern: /(^ *\d+K [. ]{30,40} *\d+%.*\n)+/gm, as: () => '<progress>\n' },
  { what: 'waiting', pattern: /^trying to acquire lock\.\.\.\n OK\n/gm, as: () => '' },
  { what: 'progress', pattern: /(^transferred .* of .* \(\d+\.\d\d%\)\n)+/gm, as: () => '<progress>\n' },
  { what: 'progress', pattern: /^INFO: (started backup task '.*'| +\d+% \(.*|\d+% \(.*)\n/gm, as: () => '' },
  { what: 'progress', pattern: /^progress 100% .*$/gm, as: () => 'progress 100% <progress>' },
  { what: 'kernel', pattern: /running kernel: [^)]*/g, as: () => 'running kernel: <release>' },
  { what: 'QEMU', pattern: /creation-qemu=[\d.]+/g, as: () => 'creation-qemu=<version>' },
  {
    what: 'size of an archive',
    pattern: /archive file size: \d+(\.\d+)?[KMG]?B/g,
    as: () => 'archive file size: <size>',
  },
  { what: 'size of a file', pattern: /^Length: \d+ \(\d+[KMG]?\)/gm, as: () => 'Length: <size>' },
  { what: 'size of a file', pattern: /\[\d+\/\d+\]$/gm, as: () => '[<size>]' },
  { what: 'size of a file', pattern: /^CFG: size: \d+/gm, as: () => 'CFG: size: <size>' },
  // Columns of `pvesm`: as wide, whatever is in them.
  { what: 'usage', pattern: /(?<=(active|inactive))( +\d+){3} +\d+\.\d\d%/g, as: (found = '') => mask(found) },
  {
    what: 'size in a column',
    pattern: /(?<=(qcow2|raw|vma\.zst) +(images|import|backup))[ \d]{10,}(?=$| \d+$)/gm,
    as: () => '<size>',
  },
];

/** Options in the order of a Perl hash, which is chance. */
const sortedOptions = (line: string): string =>
  line.replace(/^(INFO: starting new backup job: vzdump \d+)(.*)$/m, (_, before: string, options: string) =>
    [
      before,
      ...options
        .split(/ (?=--)/)
        .slice(1)
        .toSorted(),
    ].join(' '),
  );

export function typed(text: string): string {
  return KINDS.reduce(
    (part, { pattern, as }) => part.replace(pattern, (...found: readonly unknown[]) => as(...found.map(String))),
    sortedOptions(text),
  );
}
