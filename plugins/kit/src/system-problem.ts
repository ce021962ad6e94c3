import { ZebuError } from './errors.js';

/** What the operating system says of a file that it keeps from whoever runs zebu. Not ENOENT: that may be our mistake. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EDQUOT: 'the quota is used up',
  ELOOP: 'links lead in a circle',
  ENAMETOOLONG: 'the name is too long',
  ENOSPC: 'no space left on the disk',
  ENOTDIR: 'something on the way to it is no folder',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
};

/** Of a path in a message, at most so many characters: one that is refused for its length is no line any more. */
const SHOWN = 200;

/** What this machine refuses, as one of the closed set; undefined for any other error. */
export function systemProblem(error: Error): ZebuError | undefined {
  const { code = '', syscall, path } = error as NodeJS.ErrnoException;
  if (syscall === 'uv_cwd') {
    return new ZebuError('USAGE', 'The folder zebu was started in is not there any more', {
      hint: 'Change to one that is, and run it again.',
      cause: error,
    });
  }
  const reason = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  if (syscall === undefined || reason === undefined) return undefined;
  return new ZebuError('FILE_REFUSED', `${shown(path)}: ${reason} (${syscall}: ${code})`, {
    hint: 'Give the user who runs zebu that place, or name another one.',
    details: path === undefined ? {} : { path },
    cause: error,
  });
}

function shown(path: string | undefined): string {
  if (path === undefined) return 'A file of this machine';
  return path.length > SHOWN ? `${path.slice(0, SHOWN)}…` : path;
}
