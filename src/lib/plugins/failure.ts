import { isZebuError, ZebuError } from '@zebu/kit';

/** Where npm says that it got no answer, whatever the registry is. */
const NO_ANSWER =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|EHOSTUNREACH|ENETUNREACH)\b/;

const HINTS: Readonly<Record<string, string>> = {
  E404: 'Check the name, or give a tarball or a folder.',
  ETARGET: 'Check the version: `npm view <name> versions`.',
  ENOENT: 'Check the path.',
  EACCES: 'Check who owns the folder that it names.',
};

/**
 * Why a plugin was not installed, linked or removed.
 * @param errors what npm said, if it came to that
 * @returns UNREACHABLE, PLUGIN_REFUSED
 */
export function pluginFailure(thrown: unknown, errors: readonly string[]): ZebuError {
  if (isZebuError(thrown)) return thrown;
  const code = errors.flatMap((line) => /^code (\S+)$/.exec(line)?.[1] ?? [])[0];
  const own = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n', 1)[0] ?? '';
  const said = errors
    .filter((line) => !/^(code|errno|syscall|path|dest|command|signal) /.test(line))
    .map((line) => (code === undefined ? line : line.replace(new RegExp(`^${code} `), '').replace(/^\d{3} /, '')))
    .map((line) => line.trim());
  const message = said[0] ?? own;
  const extras = { details: code === undefined ? {} : { npm: code }, cause: thrown };
  if (errors.some((line) => NO_ANSWER.test(line))) {
    const hint = 'Check the network and `npm config get registry`, or install a tarball.';
    return new ZebuError('UNREACHABLE', `The npm registry does not answer: ${message}`, { hint, ...extras });
  }
  const hint = HINTS[code ?? ''] ?? (code === undefined ? undefined : 'Run again with --debug for all that npm says.');
  return new ZebuError('PLUGIN_REFUSED', message, { hint, ...extras });
}
