import { isZebuError, sh, variables, ZebuError } from '@zebu/kit';
import { timeLimit } from '../context/time-limit.js';
import type { Context } from '../context/context.js';
import { agentAnswer } from '../proxmox/agent-answer.js';
import { isNotYet } from '../proxmox/agent.js';
import type { ProxmoxClient } from '../proxmox/client.js';
import { readVm } from '../proxmox/observe.js';
import { says } from '../proxmox/said.js';
import { execInVm } from '../vm/exec.js';
import type { GuestRun } from '../vm/results.js';
import type { AppVm } from '../vm/app-vm.js';
import POLL from './poll-job.sh';
import START from './start-job.sh';
import type { Place } from '../temporary/remove.js';
import { lastLine } from '../guest/lines.js';

/** A VM that nothing leads into but its guest agent: Proxmox writes files for it and starts programs, and asks what they said. */
export interface GuestByAgent {
  /** Writes a file of text as root; a file of that name is replaced. */
  put(file: string, text: string): Promise<void>;
  /** A short command as root: asked until its end is known. Repeated where the agent was silent, so it must be one that may. */
  ask(command: readonly string[], timeoutMs: number): Promise<GuestRun>;
  /** Starts a script that goes on by itself as this user, and tells its lines as they come. @returns its exit status */
  job(name: string, script: string, options: JobOptions): Promise<number>;
}

interface JobOptions {
  readonly user: string;
  readonly timeoutMs: number;
  readonly onLine: (line: string) => void;
}

/** Folder of what is put into a copy; its memory, so that the disk is what the backup says. */
export const COPY_FOLDER = '/run/zebu-copy';

/** `agent/file-write` takes so many characters; base64 is ASCII, which is all that passes every way. */
const WRITE_LIMIT = 61_440;
const ASK_MS = 60_000;
const POLL_MS = 1000;

/** How often in a row the agent may be silent; each time takes seconds. */
const SILENT_TIMES = 10;

function chunks(data: Buffer): readonly string[] {
  const text = data.toString('base64');
  const parts: string[] = [];
  for (let at = 0; at < text.length || parts.length === 0; at += WRITE_LIMIT)
    parts.push(text.slice(at, at + WRITE_LIMIT));
  return parts;
}

export async function guestByAgent(context: Context, client: ProxmoxClient, place: Place): Promise<GuestByAgent> {
  const vm = await readVm(client, place);
  const appVm: AppVm = { client, vm, name: vm.config['name'] ?? String(place.vmid) };
  const { clock, signal } = context;

  /** The agent of a machine that is busy is silent now and then. */
  async function patient<T>(work: () => Promise<T>): Promise<T> {
    for (let silent = 0; ; silent++) {
      try {
        return await work();
      } catch (error) {
        const passes = isNotYet(error) || (isZebuError(error) && error.code === 'VM_NOT_READY' && isSilent(error));
        if (!passes || silent >= SILENT_TIMES) throw error;
        await clock.sleep(1000, signal);
      }
    }
  }

  const ask = (command: readonly string[], timeoutMs: number): Promise<GuestRun> =>
    patient(() => execInVm(context, appVm, { command, timeoutMs }));

  async function must(command: readonly string[]): Promise<GuestRun> {
    const run = await ask(command, ASK_MS);
    if (run.exit === 0) return run;
    const why = lastLine(run.stderr);
    throw new ZebuError(
      'VM_NOT_READY',
      `VM ${place.vmid}: ${command[0] ?? ''} ended with ${run.exit}${why === '' ? '' : `: ${why}`}`,
    );
  }

  async function put(file: string, text: string): Promise<void> {
    const parts = chunks(Buffer.from(text));
    const names = parts.map((_, at) => `${file}.${at}`);
    for (const [at, content] of parts.entries())
      await patient(() =>
        agentAnswer({ client, ...place }, () =>
          client.request('POST', `/nodes/${place.node}/qemu/${place.vmid}/agent/file-write`, {
            file: names[at] ?? '',
            content,
            encode: 0,
          }),
        ),
      );
    await must([
      '/bin/sh',
      '-c',
      sh`cat -- ${names} >${`${file}.new`} && chmod 755 ${`${file}.new`} && mv ${`${file}.new`} ${file} && rm -f -- ${names}`,
    ]);
  }

  return {
    ask,
    put: async (file, text) => {
      await must(['/bin/sh', '-c', sh`mkdir -p ${COPY_FOLDER} && chmod 755 ${COPY_FOLDER}`]);
      await put(file, text);
    },
    job: async (name, script, { user, timeoutMs, onLine }) => {
      const limit = timeLimit(timeoutMs, context);
      const base = `${COPY_FOLDER}/${name}`;
      await must(['/bin/sh', '-c', sh`mkdir -p ${COPY_FOLDER} && chmod 755 ${COPY_FOLDER}`]);
      await put(`${base}.sh`, script);
      await must(['/bin/sh', '-c', variables({ base, user }) + START]);
      let seen = 0;
      for (;;) {
        const polled = await must(['/bin/sh', '-c', variables({ base, from: seen + 1 }) + POLL]);
        const [state = '', ...lines] = polled.stdout.split('\n');
        // What is behind the last newline is not whole yet.
        const whole = lines.slice(0, -1);
        for (const line of whole) onLine(line);
        seen += whole.length;
        const code = /^ended (\d+)$/.exec(state)?.[1];
        if (code !== undefined && whole.length === 0) return Number(code);
        if (state === 'gone' && whole.length === 0)
          throw new ZebuError('VM_NOT_READY', `VM ${place.vmid}: what was started in it is gone; was it restarted?`);
        if (limit.left() === 0)
          throw new ZebuError('VM_NOT_READY', `VM ${place.vmid}: not done within ${Math.round(timeoutMs / 1000)} s`);
        if (code === undefined) await limit.sleep(POLL_MS);
      }
    },
  };
}

/** As `explainAgent` of vm/exec.ts says it. */
const isSilent = (error: ZebuError): boolean => isZebuError(error.cause) && says(error.cause, 'agent silent');
