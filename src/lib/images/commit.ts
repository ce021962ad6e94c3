import { ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { GitProgram } from '../repository/git-program.js';

const SUBJECT = 72;

/** `Upgrade web to redis:7.4, db to postgres:17`, as far as a subject goes. */
export function subjectOf(changes: readonly { readonly service: string; readonly to: string }[]): string {
  const all = `Upgrade ${changes.map(({ service, to }) => `${service} to ${to.replace(/@sha256:[0-9a-f]+$/, '')}`).join(', ')}`;
  if (all.length <= SUBJECT) return all;
  const names = `Upgrade ${changes.map(({ service }) => service).join(', ')}`;
  return names.length <= SUBJECT ? names : `Upgrade ${changes.length} services`;
}

/**
 * Refuses files that git has not exactly as they are.
 * @throws FILE_UNCOMMITTED naming the file, GIT_MISSING
 */
export async function checkCommitted(context: Context, files: readonly string[]): Promise<void> {
  const git = new GitProgram(context.root, context.signal);
  for (const file of files) {
    const refused = (why: string, hint: string): ZebuError =>
      new ZebuError('FILE_UNCOMMITTED', `${file} ${why}`, { hint, details: { file } });
    const listed = await git.run(['ls-files', '--error-unmatch', '--', file]);
    if (listed.code !== 0)
      throw refused('is not in git', `Commit it first (git add ${file}), or write it without: --no-commit`);
    if ((await git.exact(['status', '--porcelain', '--', file])) !== '')
      throw refused(
        'has changes that are not committed',
        `Commit or undo them first (git diff ${file}), or write it without a commit: --no-commit`,
      );
  }
}

/**
 * Commits these files and nothing else, whatever else is staged.
 * @returns 40 hex digits. @throws GIT_MISSING with what git or a hook said
 */
export async function commitFiles(context: Context, files: readonly string[], subject: string): Promise<string> {
  const git = new GitProgram(context.root, context.signal);
  const { code, stderr, stdout } = await git.run(['commit', '--quiet', '--only', '-m', subject, '--', ...files]);
  if (code !== 0) {
    const said =
      `${stderr}\n${stdout}`
        .trim()
        .split('\n')
        .find((line) => line.trim() !== '') ?? 'no reason given';
    throw new ZebuError('GIT_MISSING', `git did not commit ${files.join(', ')}: ${said}`, {
      hint: 'Nothing was changed. Say --no-commit to have it written without a commit.',
    });
  }
  return git.ok(['rev-parse', 'HEAD']);
}
