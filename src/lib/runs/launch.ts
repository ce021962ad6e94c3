import { PassThrough, type Readable } from 'node:stream';
import { sh, ZebuError } from '@zebu/kit';
import type { RemoteProcess, SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context/context.js';
import {
  CHANGED_STATUS,
  DAMAGED_STATUS,
  LOCKED_STATUS,
  OVERTAKEN_STATUS,
  TAKEN_STATUS,
} from '../app-folder/statuses.js';
import { saysDiskFull } from '../guest/disk-full.js';
import { JournalStream } from './journal-stream.js';
import { changedMeanwhile, lockHeld, NameTaken, objectsDamaged, overtaken } from '../app-folder/lock.js';
import { reopenRun, type Run } from './watch.js';
import { lastLine } from '../guest/lines.js';

/** Writes the parts one after another into the script's standard input, counting the pack. */
async function feed(
  process: RemoteProcess,
  parts: readonly string[],
  pack: Readable | undefined,
  run: Run,
): Promise<void> {
  process.stream.write(parts.join(''));
  if (pack === undefined) process.stream.end();
  else {
    const counted = new PassThrough();
    counted.on('data', (chunk: Buffer) => (run.bytes += chunk.length));
    pack.pipe(counted).pipe(process.stream);
    await new Promise<void>((resolve, reject) => {
      pack.once('error', reject);
      counted.once('end', resolve);
      process.stream.once('close', resolve);
    });
  }
  run.sent = true;
}

/** What the script said instead of starting the runner. */
async function refusal(
  process: RemoteProcess,
  journal: JournalStream,
  stderr: string,
  run: string,
): Promise<ZebuError> {
  const { code } = await process.ended;
  if (code === LOCKED_STATUS) return lockHeld(journal.preamble);
  if (code === OVERTAKEN_STATUS) return overtaken(journal.preamble);
  if (code === CHANGED_STATUS) return changedMeanwhile();
  if (code === TAKEN_STATUS) return new NameTaken(run);
  if (code === DAMAGED_STATUS) return objectsDamaged();
  const reason = lastLine(stderr);
  if (saysDiskFull(stderr)) {
    return new ZebuError('NO_SPACE', 'There is no space left in the VM; nothing was changed', {
      hint: 'zebu app:prune removes old releases and build cache; vm.disk_gb and vm:create make the disk larger.',
    });
  }
  return new ZebuError(
    'VM_NOT_READY',
    `The release could not be stored in the VM: ${reason === '' ? `exit status ${code ?? 'none'}` : reason}`,
  );
}

/** Reads the script's size in bytes and the script itself, byte by byte: what follows is the script's to read. */
export const WAITING = sh`read -r size && script=$(head -c "$size") && eval "$script"`;

export interface Launch {
  /** A shell that waits for the script, where one is there already: see `surveyThenWait`. */
  readonly opened?: RemoteProcess;
  readonly script: string;
  readonly parts: readonly string[];
  /** Called once there is somebody to read: Node drops what an ended child has written to a pipe nobody listens to. */
  readonly pack: (() => { readonly stream: Readable; readonly done: Promise<void> }) | undefined;
}

/** Sends what is to be sent and waits until the runner has begun. @throws LOCK_HELD, NO_SPACE, VM_NOT_READY */
export async function launch(
  context: Context,
  session: SshSession,
  { opened, script, parts, pack }: Launch,
  run: Run,
): Promise<void> {
  const process = opened ?? (await session.stream({ line: WAITING }, { signal: context.signal }));
  let stderr = '';
  process.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const journal = new JournalStream(process, reopenRun(context, run));
  run.session = session;
  run.journal = journal;
  const packed = pack?.();
  await feed(process, [`${Buffer.byteLength(script)}\n`, script, ...parts], packed?.stream, run);
  await packed?.done;
  await journal.peek();
  if (!journal.started) throw await refusal(process, journal, stderr, run.id);
}
