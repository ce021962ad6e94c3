import { sh, variables, ZebuError } from '@zebu/kit';
import type { RemoteProcess, SshSession } from '@zebu/kit/ssh';
import { shortNote } from '../app-folder/author.js';
import { appLayout } from '../app-folder/layout.js';
import { lockHeld } from '../app-folder/lock.js';
import { LOCKED_STATUS } from '../app-folder/statuses.js';
import type { Context } from '../context/context.js';
import { connectGuest } from '../guest/session.js';
import type { GuestAddress } from '../guest/address.js';
import HOLD from './hold.sh';
import RESUME from './resume.sh';
import { eachLine, lastLine } from '../guest/lines.js';
import { servingAtBoot } from './serve-at-boot.js';

/** Milliseconds between two words, and after how many seconds without one the machine takes us for dead. */
const BEAT_MS = 5000;
const PATIENCE_SECONDS = 45;

/** Within which it is unplugged that was left; where it is not, it starts the app again. */
const LEAVE_SECONDS = 30;

/** Stopping takes as long as the services want; starting waits for those that others depend on. */
const STOP_MS = 1_300_000;
const START_MS = 960_000;
const TAKE_MS = 60_000;

/** Until when what was left is as it was. */
export interface Left {
  /** Milliseconds, by the clock on the wall: this machine may sleep meanwhile. */
  readonly at: number;
  readonly forMs: number;
}

/** The app's lock, and the app in our hands. */
export interface Hold {
  /** Stops everything of the app. From here on the machine starts it again by itself when nothing is heard of us. */
  stop(): Promise<void>;
  /** The machine is about to be unplugged: only where it is not, in time, it starts the app again. */
  leave(): Promise<Left>;
  /** Starts what was stopped, and lets go. */
  startAgain(): Promise<void>;
  /** Lets go as it is: of a machine that is unplugged by then, or off. */
  close(): Promise<void>;
}

/** Lines as they come, one after another. */
function lineReader(process: RemoteProcess): (timeoutMs: number) => Promise<string | undefined> {
  const lines: string[] = [];
  let over = false;
  let wake = (): void => {};
  process.stream.setEncoding('utf8');
  const take = eachLine((line) => lines.push(line));
  process.stream.on('data', (text: string) => {
    take(text);
    wake();
  });
  const end = (): void => {
    over = true;
    wake();
  };
  process.stream.once('close', end);
  process.stream.on('error', end);
  return async (timeoutMs) => {
    if (lines.length === 0 && !over)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    return lines.shift();
  };
}

/** How it has ended; undefined where it has not, two seconds later. */
async function ownEnd(process: RemoteProcess): Promise<{ readonly code: number | null } | undefined> {
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, 2000, undefined));
  return Promise.race([process.ended.catch(() => undefined), late]);
}

/**
 * Takes the lock in the machine that serves, on a connection of its own that outlives an interruption: only what is told over it ends it.
 * @param lockWait seconds @throws LOCK_HELD
 */
export async function hold(context: Context, address: GuestAddress, lockWait: number): Promise<Hold> {
  const own = new AbortController();
  const session = await connectGuest({ ...context, signal: own.signal }, address);
  const script =
    servingAtBoot(context) +
    variables({
      holder: shortNote(context, 'vm:rebuild'),
      lock_wait: lockWait,
      patience: PATIENCE_SECONDS,
      leave: LEAVE_SECONDS,
    }) +
    HOLD;
  const process = await session.stream({ line: script });
  let stderr = '';
  process.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-4000)));
  process.ended.catch(() => undefined);
  const next = lineReader(process);
  const close = async (): Promise<void> => {
    clearInterval(beating);
    process.close();
    await session.close();
  };
  const beating = setInterval(() => process.stream.write('beat\n'), BEAT_MS);
  beating.unref();
  const lost = (doing: string): ZebuError => {
    const why = lastLine(stderr);
    return new ZebuError(
      'VM_NOT_READY',
      `The app could not be ${doing} in VM ${address.vmid}${why === '' ? '' : `: ${why}`}`,
      {
        hint: 'See what it does: zebu app:status.',
      },
    );
  };
  const tell = async (
    word: 'leave' | 'start' | 'stop',
    answer: string,
    timeoutMs: number,
    doing: string,
  ): Promise<void> => {
    process.stream.write(`${word}\n`);
    if ((await next(timeoutMs)) !== answer) throw lost(doing);
  };
  const first = await next(lockWait * 1000 + TAKE_MS);
  if (first !== 'held') {
    const ended = await ownEnd(process);
    await close();
    if (ended?.code === LOCKED_STATUS) throw lockHeld(first);
    throw lost('held');
  }
  return {
    stop: () => tell('stop', 'stopped', STOP_MS, 'stopped'),
    leave: async () => {
      const at = context.clock.now().getTime();
      await tell('leave', 'left', TAKE_MS, 'left as it is');
      return { at, forMs: LEAVE_SECONDS * 1000 };
    },
    startAgain: async () => {
      try {
        await tell('start', 'started', START_MS, 'started again');
      } finally {
        await close();
      }
    },
    close,
  };
}

/** Starts what a rebuild has left stopped that was interrupted; nothing where there is nothing. @throws VM_NOT_READY */
export async function resumeApp(context: Context, address: GuestAddress): Promise<void> {
  const { name } = context.config.app;
  const session = await connectGuest(context, address);
  try {
    const line =
      variables({
        base: appLayout(name).base,
        project: name,
        holder: shortNote(context, 'vm:rebuild'),
      }) + RESUME;
    const { code, stdout, stderr } = await session.exec(
      { line },
      { signal: context.signal, timeoutMs: START_MS + TAKE_MS },
    );
    if (code === LOCKED_STATUS) throw lockHeld(stdout);
    if (code !== 0)
      throw new ZebuError(
        'VM_NOT_READY',
        `The app could not be started again in VM ${address.vmid}: ${lastLine(stderr)}`,
        { hint: 'zebu app:start tries it; zebu app:logs shows what it says.' },
      );
  } finally {
    await session.close();
  }
}

/** Of a machine in which the app was started otherwise: what was stopped in it once is nobody's to start any more. */
export async function forgetStopped(context: Context, session: SshSession): Promise<void> {
  const { base } = appLayout(context.config.app.name);
  const files = [`${base}/rebuild-stopped`, `${base}/rebuild-said`, `${base}/rebuild-serve`];
  await session.exec({ line: sh`rm -f ${files}` }, { signal: context.signal, timeoutMs: TAKE_MS });
}
