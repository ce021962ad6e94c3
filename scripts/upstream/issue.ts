/** One issue for each thing that is watched: opened, kept up to date and closed, never opened twice. */

export interface Watched {
  /** Of the mark by which its issue is found again. */
  readonly id: string;
  readonly title: string;
  /** What is to be done about it, for people. */
  readonly advice: string;
  /** Empty when all is well. Text of others. */
  readonly differences: readonly string[];
}

/** As far as it is looked at. */
export interface Issue {
  readonly number: number;
  readonly title: string;
  readonly body: string | null;
  /** Of the account that opened it. */
  readonly user: { readonly login: string };
  /** There for a pull request only. */
  readonly pull_request?: unknown;
}

export interface Change {
  readonly method: 'PATCH' | 'POST';
  /** Below the repository. */
  readonly path: string;
  readonly body: Readonly<Record<string, string>>;
}

/** Who opens issues for a workflow: others may write what they like, the mark included. */
const AUTHOR = 'github-actions[bot]';
const SHOWN = 100;

const mark = ({ id }: Watched): string => `<!-- zebu-upstream: ${id} -->`;

/** In a block of code nothing is a link, a picture or a name that is told; what would end the block does not. */
const plain = (line: string): string =>
  line
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ')
    .replaceAll('`', 'ˋ')
    .slice(0, 500);

export function bodyOf(watched: Watched): string {
  const { differences, advice } = watched;
  const more = differences.length > SHOWN ? [`… and ${differences.length - SHOWN} more`] : [];
  return [mark(watched), advice, '', '```text', ...differences.slice(0, SHOWN).map(plain), ...more, '```', ''].join(
    '\n',
  );
}

/** @param open all open issues. @returns undefined when the issue is as it should be, or there should be none and is none */
export function issueChange(watched: Watched, open: readonly Issue[]): Change | undefined {
  const own = open.filter(
    ({ body, user, pull_request: isPull }) =>
      isPull === undefined && user.login === AUTHOR && body?.startsWith(mark(watched)) === true,
  );
  const found = own.toSorted((a, b) => a.number - b.number)[0];
  const { title } = watched;
  if (watched.differences.length === 0)
    return found && { method: 'PATCH', path: `/issues/${found.number}`, body: { state: 'closed' } };
  const body = bodyOf(watched);
  if (found === undefined) return { method: 'POST', path: '/issues', body: { title, body } };
  // GitHub gives line ends of its own back.
  if (found.title === title && found.body?.replaceAll('\r\n', '\n').trim() === body.trim()) return undefined;
  return { method: 'PATCH', path: `/issues/${found.number}`, body: { title, body } };
}
