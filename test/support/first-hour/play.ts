import { ROOT } from '../cli.js';
import { blocksUnder, withoutComment } from '../doc-blocks.js';
import type { Home } from './home.js';
import { openSession, type Answer, type Typed } from './session.js';

/** Blocks of README's start: the first in a checkout of zebu, the others in the app's repository. */
export const startBlocks = (): readonly (readonly string[])[] =>
  blocksUnder('README.md', '## Start')
    .filter(({ kind }) => kind === 'shell')
    .map(({ lines }) => lines.map(withoutComment).filter((line) => line !== ''));

const AGREED: readonly Answer[] = [{ seen: 'Go on?', typed: 'y\r' }];

/** Types the start of README in a home, and nothing else. @param folder the app's repository */
export async function playStart(home: Home, folder: string): Promise<readonly Typed[]> {
  const started = Date.now();
  const all: Typed[] = [];
  for (const [index, lines] of startBlocks().entries()) {
    const session = await openSession(home, index === 0 ? ROOT : folder, started);
    for (const line of lines) all.push(await session.type(line, { answers: line === 'zebu up' ? AGREED : [] }));
    await session.close();
  }
  return all;
}
