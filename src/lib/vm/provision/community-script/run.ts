import { isZebuError, ZebuError, type HostShell } from '@zebu/kit';
import type { Context } from '../../../context/context.js';
import { formatBytes } from '../../../ui/units.js';
import type { StepReport } from '../../../ui/steps.js';
import { unfinishedTags } from '../../../proxmox/ownership.js';
import type { Dialog } from './dialogs.js';
import { prepareImage, type CachedImage } from './image-cache.js';
import { discardJob, followJob, placeJob, readJob, startJob, type JobResult } from './job.js';
import type { FoundPin } from './pin.js';
import { ScriptOutput } from './progress.js';
import { pinnedScript, scriptSource } from './source.js';
import { explainRun, type Seen } from './verdict.js';

/** One run of the community script, completely. */
export interface ScriptRun {
  readonly vmid: number;
  readonly mac: string;
  /** That its VM is to have once it is finished. */
  readonly tags: string;
  readonly pin: FoundPin;
  readonly dialogs: readonly Dialog[];
  readonly image: CachedImage;
  /** A run before started it, and it is going on or was not taken over: nothing is uploaded or started. */
  readonly underWay: boolean;
}

/** Lines of other programs that are kept to explain a failure. */
const KEPT = 20;

interface Watching {
  phase: string;
  readonly failed: string[];
  readonly other: string[];
}

function watch(context: Context, report: StepReport, watching: Watching): (text: string) => void {
  const output = new ScriptOutput();
  return (text) => {
    for (const line of output.take(text)) {
      if (line.kind === 'password') context.io.redactor.add(line.secret);
      else if (line.kind === 'phase') {
        watching.phase = line.text;
        report.update(line.text);
      } else if (line.kind === 'other') {
        watching.other.push(line.text);
        if (watching.other.length > KEPT) watching.other.shift();
      } else {
        report.output(line.text);
        if (line.kind === 'failed') watching.failed.push(line.text);
        if (line.kind === 'done') {
          watching.phase = '';
          report.update('');
        }
      }
    }
  };
}

/** What could be told only after the run: where it stopped is no more than a hint when it was done. */
function seen(watching: Watching, limit: number): Seen {
  return { ...watching, limit };
}

async function begin(context: Context, shell: HostShell, run: ScriptRun, report: StepReport): Promise<void> {
  const { config, signal, io, root } = context;
  report.update('fetching and checking the script');
  const files = await pinnedScript(scriptSource(config.vm.script.source, root), run.pin, signal);
  // What is left of a run that came to no good end; it must not be taken for this one.
  await discardJob(shell, config.app.name, 'with-vm');
  report.update(`checking the image, downloading it if it is not there`);
  report.output(
    `Image: ${await prepareImage(shell, run.image, {
      io,
      signal,
      timeoutMs: config.vm.script.timeout * 1000,
      allowUnverified: config.vm.script.allow_unverified_image,
      onBytes: (bytes, total) => {
        const of = total === undefined ? '' : ` of ${formatBytes(total)}`;
        report.update(
          `downloading the image: ${formatBytes(bytes)}${of}`,
          total === undefined ? undefined : bytes / total,
        );
      },
    })}`,
  );
  report.update('placing the script on the host');
  await placeJob(
    shell,
    config.app.name,
    files,
    {
      vmid: run.vmid,
      mac: run.mac,
      name: config.vm.name ?? config.app.name,
      tags: unfinishedTags(run.tags),
      limit: Math.ceil(config.vm.script.timeout),
    },
    run.dialogs,
  );
  // From here on it runs, whether or not we are there to see it.
  if (signal.aborted) throw signal.reason;
  await startJob(shell, config.app.name);
}

async function follow(
  context: Context,
  shell: HostShell,
  watching: Watching,
  report: StepReport,
): Promise<JobResult | undefined> {
  const { config, signal } = context;
  try {
    await followJob(shell, config.app.name, signal, watch(context, report, watching));
  } catch (error) {
    if (!isZebuError(error)) throw error;
    throw new ZebuError(
      'OUTCOME_UNKNOWN',
      `${error.message.replace(/\.$/, '')}; the community script goes on on the host`,
      {
        hint: 'Run `zebu vm:create` again: it takes the run up where it is.',
        cause: error,
      },
    );
  }
  const job = await readJob(shell, config.app.name);
  return job.state === 'ended' ? job.result : undefined;
}

/**
 * Runs the script on the host, or takes up a run that is under way there, until there is a VM. Whatever goes wrong,
 * nothing of it is left on the host.
 * @throws SCRIPT_CHANGED, SCRIPT_FAILED, IMAGE_MISMATCH, UNREACHABLE, OUTCOME_UNKNOWN
 */
export async function runScript(context: Context, shell: HostShell, run: ScriptRun, report: StepReport): Promise<void> {
  const { name } = context.config.app;
  if (!run.underWay) {
    try {
      await begin(context, shell, run, report);
    } catch (error) {
      await discardJob(shell, name, 'with-vm').catch(() => undefined);
      throw error;
    }
  }
  report.update('running the script');
  const watching: Watching = { phase: '', failed: [], other: [] };
  const result = await follow(context, shell, watching, report);
  if (result === undefined) {
    await discardJob(shell, name, 'with-vm');
    throw new ZebuError('SCRIPT_FAILED', 'The community script was killed on the host; what it had made was removed', {
      hint: 'Run `zebu vm:create` again.',
    });
  }
  if (!result.good) {
    const error = explainRun(result, seen(watching, context.config.vm.script.timeout));
    await discardJob(shell, name, 'with-vm');
    throw error;
  }
  await discardJob(shell, name, 'folder');
}
