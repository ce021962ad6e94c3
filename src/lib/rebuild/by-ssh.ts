import { sh, variables, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import { COPY_FOLDER, type GuestByAgent } from '../copies/agent-shell.js';
import type { Context } from '../context/context.js';
import { runAsRoot } from '../guest/as-root.js';
import { streamLines } from '../guest/lines.js';
import PUT from './put.sh';

const PUT_MS = 120_000;

/** The same as of a copy that is only reached through its guest agent, for one that SSH leads into. */
export function guestBySsh(
  context: Context,
  session: SshSession,
  where: { readonly node: string; readonly vmid: number },
): GuestByAgent {
  const { io, signal } = context;
  return {
    put: async (file, text) => {
      await runAsRoot(session, variables({ folder: COPY_FOLDER, file, text }) + PUT, { io, signal, timeoutMs: PUT_MS });
    },
    ask: async (command, timeoutMs) => {
      const { code, stdout, stderr } = await session.exec(command, { signal, timeoutMs });
      return { ...where, exit: code ?? 255, stdout, stderr, truncated: false };
    },
    job: async (_name, script, { timeoutMs, onLine }) => {
      const limit = AbortSignal.timeout(timeoutMs);
      try {
        const { code } = await streamLines(
          session,
          sh`exec sh -c ${script} </dev/null`,
          AbortSignal.any([signal, limit]),
          (lines) => lines.forEach(onLine),
        );
        return code ?? 255;
      } catch (error) {
        if (!limit.aborted) throw error;
        throw new ZebuError('VM_NOT_READY', `VM ${where.vmid}: not done within ${Math.round(timeoutMs / 1000)} s`);
      }
    },
  };
}
