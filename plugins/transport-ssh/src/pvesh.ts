import { pveError, type ZebuError } from '@zebu/kit';
import { programText } from './program-text.js';

const VERBS: Readonly<Record<string, string>> = { GET: 'get', POST: 'create', PUT: 'set', DELETE: 'delete' };

function optionWords(name: string, value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item) => optionWords(name, item));
  if (typeof value === 'boolean') return [`--${name}`, value ? '1' : '0'];
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new TypeError(`the parameter ${name} is neither text, number nor boolean`);
  }
  const text = String(value);
  // A value that looks like an option has to stay with its name.
  return text.startsWith('-') ? [`--${name}=${text}`] : [`--${name}`, text];
}

/**
 * The pvesh command for one request.
 * @param path encoded, starting with `/api2/json` or `/`; pvesh takes it plain
 */
export function pveshArgv(method: string, path: string, params: Readonly<Record<string, unknown>>): readonly string[] {
  const plain = path
    .replace(/^\/api2\/json/, '')
    .split('/')
    .map((segment) => decodeURIComponent(segment))
    .join('/');
  return [
    'pvesh',
    VERBS[method] ?? method.toLowerCase(),
    plain,
    '--output-format',
    'json',
    ...Object.entries(params).flatMap(([name, value]) => optionWords(name, value)),
  ];
}

/**
 * pvesh runs a task in its own foreground and ends it when nobody reads its output any more: a backup would be cut off
 * with the connection that asked for it. Here it has a session of its own and writes to a file, which is handed over at
 * its end to whoever is still there.
 */
const OUTLIVING = programText('outliving.sh');

/** The command, such that it comes to its end even when the connection does not last that long. */
export function outlivingUs(argv: readonly string[]): readonly string[] {
  return ['setsid', '--wait', 'sh', '-c', OUTLIVING, 'sh', ...argv];
}

/** Of a request that started a task: that task, and the node it ran on; undefined for what is no task. */
export function taskEnded(data: unknown): { readonly upid: string; readonly node: string } | undefined {
  const node = typeof data === 'string' ? /^UPID:([^:\s]+):\S+:$/.exec(data)?.[1] : undefined;
  return node === undefined ? undefined : { upid: data as string, node };
}

/** Of a task on another node, pvesh gives all that was printed there as one text: the output without its line ends, and the UPID. */
function atItsEnd(data: unknown): unknown {
  return typeof data === 'string' ? (/^.*(UPID:[^"\s]+:)"?$/s.exec(data)?.[1] ?? data) : data;
}

export interface Output {
  /** The API's `data`; undefined where there is none. */
  readonly data?: unknown;
  /** What the handler printed besides: the output of a task, or what it changes (`update VM 101: -cores 1`). */
  readonly text: string;
}

/** What pvesh printed: lines of text from whoever had something to say, then perhaps the result as JSON on one line. */
export function parseOutput(stdout: string): Output {
  const text = stdout.trim();
  if (text === '') return { text };
  const at = text.lastIndexOf('\n') + 1;
  const [before, last] = [text.slice(0, at).trimEnd(), text.slice(at)];
  for (const [json, rest] of [
    [text, ''],
    [last, before],
  ] as const) {
    try {
      return { data: atItsEnd(JSON.parse(json)), text: rest };
    } catch {
      // No JSON: then it is text.
    }
  }
  const upid = /UPID:\S+:/.exec(last)?.[0];
  return upid === undefined ? { text } : { data: upid, text: before };
}

/** What Perl itself says around the reason: of bytes that are no text, of a locale that the host does not have, of what it was loading. */
const OF_PERL =
  /^(Wide character in \S.* at \S+ line \d+\.$|perl: warning: |Compilation failed in require at |BEGIN failed--|\s)/;
/** A warning of a module that goes on. */
const WARNING = / at \S+ line \d+\.$/;
const USAGE = /^(pvesh |USAGE|Usage)/;

/** What pvesh said on stderr, as the same error the API would have given. Its exit status is a left-over errno and tells nothing. */
export function parseFailure(method: string, path: string, stderr: string): ZebuError {
  const shown = path.replace(/^\/api2\/json/, '');
  const said = stderr
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
  const lines = said.filter((line) => !OF_PERL.test(line));
  const usage = lines.findIndex((line) => USAGE.test(line));
  const withStatus = lines.findIndex((line) => /^[45]\d\d /.test(line));
  // It dies with the reason; what stands before comes from whatever it started.
  const at = withStatus === -1 ? Math.max((usage === -1 ? lines.length : usage) - 1, 0) : withStatus;
  const [first = said[0] ?? 'pvesh failed without a word', ...rest] = lines.slice(at);
  if (/^No '\w+' handler defined for/.test(first)) {
    return pveError({ method, path: shown, status: 501, reason: first });
  }
  const [, status, reason = first] = /^([45]\d\d) (.*)$/.exec(first) ?? [];
  const errors: Record<string, string> = {};
  for (const line of rest) {
    if (USAGE.test(line)) break;
    const [, name, text] = /^([a-z][\w.[\]-]*): (.*)$/i.exec(line) ?? [];
    if (name !== undefined && text !== undefined) errors[name] = text;
  }
  // `Unknown option: x`, of which the line with the status only says that something could not be parsed.
  const before = [...new Set(lines.slice(0, at))].filter((line) => line !== first && !WARNING.test(line)).join('; ');
  return pveError({
    method,
    path: shown,
    status: status === undefined ? (/permission check failed/i.test(first) ? 403 : 500) : Number(status),
    reason: before === '' ? reason : `${reason}: ${before}`,
    errors: Object.keys(errors).length === 0 ? undefined : errors,
  });
}
