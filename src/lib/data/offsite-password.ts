import { isZebuError, ZebuError, type Sensitive } from '@zebu/kit';
import * as z from 'zod';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { reasonOf, runDumps, valueOf } from './ask.js';
import { dataTrouble } from './trouble.js';

const keys = z.array(z.object({ id: z.string(), current: z.boolean() }));

const keysOf = (text: string, key: string): z.infer<typeof keys> =>
  keys.parse(JSON.parse(valueOf(text, key) ?? '[]') ?? []);

/** Lets go of the old password where the new one is in force, and else of the new; of none where nobody knows. */
type Admitted = (inForce: boolean | undefined) => Promise<void>;

const NOTHING: Admitted = async () => {};

/**
 * A new password for the copies off the VM: the repository takes both for as long as it is not decided which one stays, so that
 * whatever happens in between, no copy is lost.
 * @throws OFFSITE_REFUSED where the repository cannot be asked: nothing was changed then
 */
export async function admitOffsite(context: Context, values: ReadonlyMap<string, Sensitive>): Promise<Admitted> {
  const name = context.config.data?.offsite?.password;
  const value = name === undefined ? undefined : values.get(name);
  if (name === undefined || value === undefined) return NOTHING;
  if (value.reveal() !== value.reveal().trim())
    throw new ZebuError('USAGE', `${name} may not begin or end with blanks, which restic leaves out`, {
      hint: 'Give it another value.',
    });
  const { session } = await openGuest(context);
  const told = await runDumps(session, context, 'key-add', { word: value });
  const { stdout } = told;
  const reason = reasonOf(told);
  if (reason !== undefined)
    throw dataTrouble(
      `${name} was not changed, for the off-site repository did not take another`,
      valueOf(stdout, 'cause'),
      reason,
    );
  const before = keysOf(stdout, 'before');
  const old = before.find(({ current }) => current)?.id;
  const others = before.filter(({ current }) => !current).map(({ id }) => id);
  // Of a rotation that was cut off, or somebody's own.
  if (others.length > 0)
    context.io.warn(
      `The off-site repository takes other passwords, too: ${others.join(', ')}; what is not wanted any more goes with restic key remove`,
    );
  const added = keysOf(stdout, 'after').find(({ id }) => !before.some((each) => each.id === id))?.id;
  // There is no repository yet, or the new one is what it has been made with.
  if (added === undefined) return NOTHING;
  return async (inForce) => {
    if (inForce === undefined) {
      context.io.warn(`The off-site repository takes the old and the new ${name} until it is rotated again`);
      return;
    }
    const asked = inForce ? old : added;
    if (asked === undefined) return;
    try {
      const again = await openGuest(context);
      const dropped = await runDumps(again.session, context, 'key-drop', { asked });
      const why = reasonOf(dropped);
      if (why === undefined) return;
      context.io.warn(
        `The off-site repository still takes ${inForce ? 'the old' : 'the new'} ${name}, key ${asked}: ${why}`,
      );
    } catch (error) {
      if (!isZebuError(error)) throw error;
      context.io.warn(
        `The off-site repository still takes ${inForce ? 'the old' : 'the new'} ${name}, key ${asked}: ${error.message}`,
      );
    }
  };
}
