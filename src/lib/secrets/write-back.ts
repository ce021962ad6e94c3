import { isPlaceholder, isZebuError, type SecretSource, type Sensitive } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { latestEntries, type SecretStore } from '../app-folder/secrets/versions.js';
import { keyedDigest } from './digest.js';
import { readMemory } from './memory.js';
import type { UpdatedSource } from './results.js';
import { openSources, writable } from './sources.js';

/** Whether sources with the values before get the new ones; `where` and `names` are for the question. */
export type AskToWriteBack = (where: string, names: readonly string[]) => Promise<boolean>;

/** A source that has a value from before the change. */
interface Behind {
  readonly source: SecretSource;
  readonly names: readonly string[];
  readonly write: boolean;
}

const holds = (text: string): boolean => text.trim() !== '' && !isPlaceholder(text);

/** What the source says to names; one that cannot be read must not stop a change that may be urgent. */
async function read(
  context: Context,
  source: SecretSource,
  names: readonly string[],
): Promise<ReadonlyMap<string, Sensitive>> {
  try {
    return await source.read(names);
  } catch (error) {
    if (!isZebuError(error)) throw error;
    context.io.warn(`${source.where} was not looked at, and may have an older value: ${error.message}`);
    return new Map();
  }
}

/**
 * The sources that a change in the VM leaves behind: the first that has a name, as a deploy would take it from there. One with
 * a value that the VM never had was edited since, and is left alone.
 */
async function sourcesBehind(
  context: Context,
  store: SecretStore,
  set: ReadonlyMap<string, Sensitive>,
): Promise<readonly { source: SecretSource; names: readonly string[] }[]> {
  const entries = latestEntries(store);
  const open = new Set([...set.keys()].filter((name) => entries[name] !== undefined));
  const found: { source: SecretSource; names: readonly string[] }[] = [];
  for (const source of open.size === 0 ? [] : await openSources(context)) {
    const behind: string[] = [];
    const edited: string[] = [];
    for (const [name, value] of await read(context, source, [...open])) {
      const text = value.reveal();
      if (!open.has(name) || !holds(text)) continue;
      open.delete(name);
      context.io.mask(text);
      if (text === set.get(name)?.reveal()) continue;
      const digest = keyedDigest(store.key ?? '', name, text);
      const { digest: before, replaced = [] } = entries[name] ?? {};
      (digest === before || replaced.includes(digest) ? behind : edited).push(name);
    }
    if (behind.length > 0) found.push({ source, names: behind });
    if (edited.length > 0)
      context.io.warn(
        `${source.where} has another value of ${edited.join(', ')}, which no deploy has brought yet: the next one will`,
      );
  }
  return found;
}

/** Asks before the change, so that nobody has to wait for the question. */
export async function planWriteBack(
  context: Context,
  store: SecretStore,
  set: ReadonlyMap<string, Sensitive>,
  ask: AskToWriteBack,
): Promise<readonly Behind[]> {
  const plan: Behind[] = [];
  for (const { source, names } of await sourcesBehind(context, store, set)) {
    const can = source.write !== undefined;
    plan.push({ source, names, write: can && (await ask(source.where, names)) });
  }
  return plan;
}

/** After the change: brings the sources along as agreed, and says which still have what is refused from now on. */
export async function writeBack(
  context: Context,
  plan: readonly Behind[],
  set: ReadonlyMap<string, Sensitive>,
): Promise<readonly UpdatedSource[]> {
  const updated: UpdatedSource[] = [];
  for (const { source, names, write } of plan) {
    const values = new Map([...set].filter(([name]) => names.includes(name)));
    const written = write && (await couldWrite(context, source, values));
    const list = names.join(', ');
    if (written) context.io.note(`${source.where} has the new value of ${list}, too`);
    else context.io.warn(`${source.where} still has the older value of ${list}: a deploy with it is refused`);
    updated.push({ where: source.where, names: [...names], written });
  }
  await tellOfUnreadable(context, plan, set);
  return updated;
}

/** The change itself is made: what cannot be written is told, and no failure of it. */
async function couldWrite(
  context: Context,
  source: SecretSource,
  values: ReadonlyMap<string, Sensitive>,
): Promise<boolean> {
  try {
    await writable(source).write(values);
    return true;
  } catch (error) {
    if (!isZebuError(error)) throw error;
    context.io.warn(error.message);
    return false;
  }
}

/** What zebu wrote to GitHub cannot be compared, but it was the value before. */
async function tellOfUnreadable(
  context: Context,
  plan: readonly Behind[],
  set: ReadonlyMap<string, Sensitive>,
): Promise<void> {
  const { places } = await readMemory(context);
  for (const [where, written] of Object.entries(places)) {
    const names = [...set.keys()].filter((name) => name in written);
    if (names.length === 0 || plan.some(({ source }) => source.where === where)) continue;
    context.io.warn(
      `${where} was given a value of ${names.join(', ')} earlier: bring it along with zebu secrets:sync --from vm --to github`,
    );
  }
}
