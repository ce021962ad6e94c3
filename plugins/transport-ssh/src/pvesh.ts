import { pveError, type ZebuError } from '@zebu/kit';

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
const OUTLIVING = [
  'work=$(mktemp -d) || exit 1',
  '"$@" >"$work/out" 2>"$work/err" </dev/null',
  'code=$?',
  'trap "" PIPE',
  'cat "$work/out" 2>/dev/null',
  'cat "$work/err" >&2',
  'rm -rf "$work"',
  'exit $code',
].join('\n');

/** The command, such that it comes to its end even when the connection does not last that long. */
export function outlivingUs(argv: readonly string[]): readonly string[] {
  return ['setsid', '--wait', 'sh', '-c', OUTLIVING, 'sh', ...argv];
}

/** The node a task runs on; undefined for what is no task. */
export function nodeOfTask(data: unknown): string | undefined {
  return typeof data === 'string' ? /^UPID:([^:\s]+):\S+:$/.exec(data)?.[1] : undefined;
}

/** Of a task on another node, pvesh gives all that was printed there as one text: the output without its line ends, and the UPID. */
function atItsEnd(data: unknown): unknown {
  return typeof data === 'string' ? (/^.*(UPID:[^"\s]+:)"?$/s.exec(data)?.[1] ?? data) : data;
}

/**
 * What pvesh printed, as the API's `data`. It runs tasks in the foreground and prints their output first, so the result
 * is the last line; a request without a result prints nothing.
 * @returns undefined when there is no JSON where there should be
 */
export function parseOutput(stdout: string): { readonly data: unknown } | undefined {
  const text = stdout.trim();
  if (text === '') return { data: null };
  for (const candidate of [text, text.slice(text.lastIndexOf('\n') + 1)]) {
    try {
      return { data: atItsEnd(JSON.parse(candidate)) };
    } catch {
      // Task output before the result: only the last line is JSON.
    }
  }
  const upid = /UPID:\S+:/.exec(text.slice(text.lastIndexOf('\n') + 1));
  return upid === null ? undefined : { data: upid[0] };
}

/** What pvesh said on stderr, as the same error the API would have given. */
export function parseFailure(method: string, path: string, stderr: string): ZebuError {
  const shown = path.replace(/^\/api2\/json/, '');
  const lines = stderr
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
  const [first = 'pvesh failed without a word', ...rest] = lines;
  if (/^No '\w+' handler defined for/.test(first)) {
    return pveError({ method, path: shown, status: 501, reason: first });
  }
  const [, status, reason] = /^([45]\d\d) (.*)$/.exec(first) ?? [];
  const errors: Record<string, string> = {};
  for (const line of rest) {
    if (/^(pvesh |USAGE|Usage)/.test(line)) break;
    const [, name, text] = /^([a-z][\w[\]-]*): (.*)$/i.exec(line) ?? [];
    if (name !== undefined && text !== undefined) errors[name] = text;
  }
  return pveError({
    method,
    path: shown,
    status: status === undefined ? (/permission check failed/i.test(first) ? 403 : 500) : Number(status),
    reason: reason ?? first,
    errors: Object.keys(errors).length === 0 ? undefined : errors,
  });
}
