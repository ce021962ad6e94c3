import { parseDotenv } from '@zebu/kit';
import type { PlannedSetting } from '../results.js';

/**
 * What becomes of each setting, by name.
 * @param live KEY=value lines of the live release
 * @param target those of the release that is planned
 * @param given what was read here; undefined where there was no .env
 */
export function compareSettings(
  live: string,
  target: string,
  given: ReadonlyMap<string, string> | undefined,
): readonly PlannedSetting[] {
  const [then, now] = [parseDotenv(live), parseDotenv(target)];
  const names = [...new Set([...then.keys(), ...now.keys()])].toSorted();
  return names.map((name): PlannedSetting => {
    const [before, after] = [then.get(name), now.get(name)];
    if (after === undefined) return { name, value: null, status: 'removed' };
    if (given === undefined) return { name, value: after, status: 'kept' };
    return { name, value: after, status: before === undefined ? 'added' : before === after ? 'unchanged' : 'changed' };
  });
}
