import { variables } from '@zebu/kit';
import { appLayout } from '../app-folder/layout.js';
import type { GuestByAgent } from '../copies/agent-shell.js';
import MEASURE from './measure.sh';

/** Bytes. */
export interface Measured {
  readonly memory: number;
  readonly disk: number;
  readonly data: number;
}

/** Volumes may have very many files. */
const LIMIT_MS = 600_000;

export async function measure(guest: GuestByAgent, app: string): Promise<Measured> {
  const { base } = appLayout(app);
  const { stdout } = await guest.ask(['/bin/sh', '-c', variables({ base }) + MEASURE], LIMIT_MS);
  const value = (name: string): number => Number(new RegExp(`^${name}=(\\d+)$`, 'm').exec(stdout)?.[1] ?? 0);
  return { memory: value('memory'), disk: value('disk'), data: value('data') };
}
