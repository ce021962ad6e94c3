import { ZebuError } from '@zebu/kit';
import type { SeenData, SeenOffsite } from './read.js';
import type { Dump } from './results.js';
import { dataTrouble } from './trouble.js';

export interface Chosen {
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly fetched: boolean;
  readonly stores: readonly string[];
  readonly ref: string;
}

/**
 * One off the VM that may be what is meant by the newest instead of what is in it: a newer one that is not here (the VM went back to a
 * backup, or another one writes there), or one of a VM before this, whose data has not come back into this one before the dump was made.
 */
function rival({ dumps, offsite, adopted }: SeenData, here: Dump): SeenOffsite | undefined {
  const newest = offsite?.find(({ id }) => !dumps.some((each) => each.id === id));
  if (newest !== undefined && newest.id > here.id) return newest;
  const before = offsite?.filter(({ own }) => !own) ?? [];
  if (before.some(({ id }) => id === here.id)) return undefined;
  return adopted !== undefined && Date.parse(here.at) / 1000 >= adopted ? undefined : before[0];
}

/** Nothing says which of two is meant, and one of them may be that of an empty database. */
const ofTwo = (here: Dump, there: SeenOffsite): ZebuError =>
  new ZebuError(
    'DUMP_REFUSED',
    `Which dump is meant has to be said: the newest in the VM is ${here.id}, and off it there is ${there.id}, which this VM ${there.own ? 'does not have' : 'has not made'}`,
    { hint: `zebu data:restore ${there.id}, or zebu data:restore ${here.id}. All of them: zebu data:list` },
  );

const inTheVm = ({ id, at, stores, ref }: Dump): Chosen => ({
  id,
  at,
  fetched: false,
  stores: stores.map(({ name }) => name),
  ref,
});

/** An id is when it was made, by the clock of the VM; what is off it has the time when it was copied. */
const madeAt = (id: string): string =>
  id.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6.000Z');

/**
 * The dump that is to be proved: of those in the VM the newest that is not what a restore has put away.
 * @param offsite it is taken from off the VM
 */
export function dumpToProve(seen: SeenData, id: string | undefined, offsite: boolean): Chosen | undefined {
  if (offsite) {
    const off = seen.offsite?.find((each) => id === undefined || each.id === id);
    return off === undefined ? undefined : { id: off.id, at: madeAt(off.id), fetched: true, stores: [], ref: '' };
  }
  const here = seen.dumps.find((each) => (id === undefined ? each.why !== 'restore' : each.id === id));
  return here === undefined ? undefined : inTheVm(here);
}

/** The dump that is meant. @param id undefined: the newest. @throws DUMP_MISSING, DUMP_REFUSED, OFFSITE_REFUSED */
export function chooseDump(seen: SeenData, id: string | undefined): Chosen {
  // What a restore has put away is not what the next one is to bring back, unless it is named.
  const here = seen.dumps.find((each) => (id === undefined ? each.why !== 'restore' : each.id === id));
  const off = seen.offsite?.find((each) => id === undefined || each.id === id);
  const { offsiteProblem: problem } = seen;
  if (here !== undefined && id !== undefined) return inTheVm(here);
  if (here !== undefined) {
    if (problem !== undefined) {
      const unknown = `Whether ${here.id} in the VM is the newest cannot be told; this one: zebu data:restore ${here.id}. Off it`;
      throw dataTrouble(unknown, problem.cause, problem.reason);
    }
    const there = rival(seen, here);
    if (there !== undefined) throw ofTwo(here, there);
    return inTheVm(here);
  }
  if (off !== undefined) return { id: off.id, at: off.at, fetched: true, stores: [], ref: '' };
  const missing = id === undefined ? 'There is no dump in the VM' : `There is no dump ${id} in the VM`;
  if (problem !== undefined)
    throw dataTrouble(`${missing}, and off it cannot be looked`, problem.cause, problem.reason);
  throw new ZebuError('DUMP_MISSING', seen.offsite === undefined ? missing : `${missing}, and none off it`, {
    hint: 'Those there are: zebu data:list. Make one: zebu data:dump',
  });
}
