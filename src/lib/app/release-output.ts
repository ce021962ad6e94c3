import { sh, ZebuError } from '@zebu/kit';
import { shown } from '@zebu/kit/core';
import type { Context } from '../context/context.js';
import { streamLines } from '../guest/lines.js';
import { openGuest } from '../guest/session.js';
import { parseJournalLine } from '../runs/journal-events.js';
import { appLayout } from '../app-folder/layout.js';
import { toReleaseId, type ReleaseId } from '../app-folder/release-id.js';
import type { ReleaseLine } from './results.js';

const MISSING_STATUS = 66;

function journalScript(base: string, id: ReleaseId): string {
  return sh`cd ${base} 2>/dev/null || exit ${MISSING_STATUS}; exec cat journals/${id}.jsonl 2>/dev/null || exit ${MISSING_STATUS}`;
}

/** Undefined for what is not of a journal. */
export function toReleaseLine(id: string, text: string): ReleaseLine | undefined {
  const event = parseJournalLine(text);
  if (event === undefined) return undefined;
  if (event.kind === 'output') return { release: id, step: event.step, line: event.line };
  if (event.kind === 'end')
    return { release: id, step: 'end', line: `${event.verdict}${event.reason === '' ? '' : `: ${event.reason}`}` };
  const line = [event.state, event.detail].filter((part) => part !== '').join(' ');
  return { release: id, step: event.step, line };
}

/**
 * What the deploy of a release printed, kept in the VM as long as the release is.
 * @throws REF_UNKNOWN
 */
export async function showReleaseOutput(context: Context, wanted: string, grep: RegExp | undefined): Promise<void> {
  const { io, signal, config } = context;
  const id = toReleaseId(wanted);
  const { session } = await openGuest(context);
  let any = false;
  await streamLines(session, journalScript(appLayout(config.app.name).base, id), signal, async (lines) => {
    any = true;
    const found = lines.flatMap((text) => {
      const line = toReleaseLine(id, text);
      if (line === undefined || grep?.test(line.line) === false) return [];
      return [line];
    });
    await io.flow(io.json ? found : found.map(({ step, line }) => shown`${step} | ${line}`));
  });
  if (any) return;
  throw new ZebuError('REF_UNKNOWN', `There is no output of release ${id} in the VM`, {
    hint: 'It is kept as long as the release: see zebu app:releases and deploy.keep.',
  });
}
