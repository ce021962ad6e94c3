import { hostname, userInfo } from 'node:os';
import { PassThrough, type Readable } from 'node:stream';
import { ZebuError } from '@zebu/kit';
import type { RemoteProcess, SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context.js';
import { openGuest } from '../guest/session.js';
import { checkRequired, collectSecrets, secretLines } from '../secrets/collect.js';
import { runSteps, type Step } from '../ui/steps.js';
import { formatBytes } from '../ui/units.js';
import { brokenOff, endError, JournalStream, PHASES, showPhase, type EndEvent } from './follow.js';
import { LocalGit, type Target, type WantedRef } from './git.js';
import { appLayout, type AppLayout } from './layout.js';
import { planFile, type Author } from './plan.js';
import { LOCKED_STATUS, receiveScript, rollbackScript, surveyScript } from './receive.js';
import { makeReleaseId, type ReleaseId } from './release-id.js';
import { RUNNER } from './runner.js';

export interface DeployResult {
  readonly release: string;
  readonly ref: string | null;
  readonly commit: string | null;
  /** The release that was live before; null for the first. */
  readonly previous: string | null;
  /** Seconds the runner took. */
  readonly seconds: number;
  /** Bytes of git objects that were sent. */
  readonly sentBytes: number;
  readonly host: string;
}

interface Survey {
  readonly haves: readonly string[];
  readonly secretNames: readonly string[];
  readonly current: string | null;
  readonly holder: string | undefined;
}

export function parseSurvey(stdout: string): Survey {
  const pairs = stdout.split('\n').flatMap((line) => {
    const cut = line.indexOf('=');
    return cut > 0 ? [[line.slice(0, cut), line.slice(cut + 1)] as const] : [];
  });
  const all = (key: string): readonly string[] => pairs.filter(([name]) => name === key).map(([, value]) => value);
  const current = all('current')[0]?.split('/').at(-1);
  return {
    haves: [...new Set(all('have').filter((sha) => /^[0-9a-f]{40}$/.test(sha)))],
    secretNames: all('secret'),
    current: current === undefined || current === '' ? null : current,
    holder: all('holder')[0],
  };
}

export function author(context: Context, gitName: string): Author {
  const run = context.env('GITHUB_RUN_ID');
  const repository = context.env('GITHUB_REPOSITORY');
  let login = '';
  try {
    login = userInfo().username;
  } catch {
    // A container may have no entry for its own user.
  }
  return {
    who: context.env('GITHUB_ACTOR') ?? (gitName || login || 'unknown'),
    from:
      run === undefined
        ? hostname()
        : `GitHub Actions run ${run}${repository === undefined ? '' : ` of ${repository}`}`,
  };
}

/** Who holds the lock, from the note the holder left. */
export function lockHeld(note: string): ZebuError {
  let who = 'somebody';
  let details: Record<string, unknown> = {};
  try {
    details = JSON.parse(note) as Record<string, unknown>;
    who = `${String(details['who'])} from ${String(details['from'])}, since ${String(details['since'])} (${String(details['ref'])})`;
  } catch {
    // The note is a courtesy; the lock itself is the kernel's.
  }
  return new ZebuError('LOCK_HELD', `Another deploy is running: ${who}`, {
    hint: 'Wait for it, or give --lock-wait to do so. The lock frees itself when that deploy ends.',
    details,
  });
}

async function survey(session: SshSession, layout: AppLayout, signal: AbortSignal): Promise<Survey> {
  const { code, stdout, stderr } = await session.exec({ line: surveyScript(layout) }, { signal, timeoutMs: 120_000 });
  if (code !== 0)
    throw new ZebuError(
      'VM_NOT_READY',
      `The VM could not be asked what it has: ${stderr.trim().split('\n').at(-1) ?? ''}`,
    );
  return parseSurvey(stdout);
}

interface Sent {
  sent: boolean;
  bytes: number;
}

/** Writes the parts one after another into the script's standard input, counting the pack. */
async function feed(
  process: RemoteProcess,
  parts: readonly string[],
  pack: Readable | undefined,
  sent: Sent,
): Promise<void> {
  for (const part of parts) process.stream.write(part);
  if (pack === undefined) process.stream.end();
  else {
    const counted = new PassThrough();
    counted.on('data', (chunk: Buffer) => (sent.bytes += chunk.length));
    pack.pipe(counted).pipe(process.stream);
    await new Promise<void>((resolve, reject) => {
      pack.once('error', reject);
      counted.once('end', resolve);
      process.stream.once('close', resolve);
    });
  }
  sent.sent = true;
}

/** What the script said instead of starting the runner. */
async function refusal(process: RemoteProcess, journal: JournalStream, stderr: string): Promise<ZebuError> {
  const { code } = await process.ended;
  if (code === LOCKED_STATUS) return lockHeld(journal.preamble);
  const reason = stderr.trim().split('\n').at(-1) ?? '';
  if (/No space left on device/i.test(stderr)) {
    return new ZebuError('NO_SPACE', 'There is no space left in the VM', {
      hint: 'Remove what is not needed, or raise vm.disk_gb and run vm:create.',
    });
  }
  return new ZebuError(
    'VM_NOT_READY',
    `The release could not be stored in the VM: ${reason === '' ? `exit status ${code ?? 'none'}` : reason}`,
  );
}

interface Launch {
  readonly script: string;
  readonly parts: readonly string[];
  /** Called once there is somebody to read: Node drops what an ended child has written to a pipe nobody listens to. */
  readonly pack: (() => { readonly stream: Readable; readonly done: Promise<void> }) | undefined;
}

interface Run {
  journal: JournalStream | undefined;
  end: EndEvent | undefined;
  readonly sent: Sent;
}

/** Sends what is to be sent and waits until the runner has begun. */
async function launch(
  session: SshSession,
  signal: AbortSignal,
  { script, parts, pack }: Launch,
  run: Run,
): Promise<JournalStream> {
  const process = await session.stream({ line: script }, { signal });
  let stderr = '';
  process.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const journal = new JournalStream(process);
  run.journal = journal;
  const packed = pack?.();
  await feed(process, parts, packed?.stream, run.sent);
  await packed?.done;
  await journal.peek();
  if (!journal.started) throw await refusal(process, journal, stderr);
  return journal;
}

function phaseSteps(run: Run): readonly Step[] {
  return PHASES.map(({ title }, index) => ({
    title,
    run: async (report) => {
      if (run.journal === undefined || run.end !== undefined) return;
      const later = PHASES.slice(index + 1).flatMap((phase) => phase.steps);
      run.end = await showPhase(run.journal, later, report);
      const problem = run.end === undefined ? undefined : endError(run.end, '');
      if (problem !== undefined) throw problem;
    },
  }));
}

async function carryOut(context: Context, id: ReleaseId, first: readonly Step[], run: Run): Promise<EndEvent> {
  try {
    await runSteps(context.io, context.signal, [...first, ...phaseSteps(run)]);
  } catch (error) {
    if (run.end !== undefined) throw endError(run.end, id) ?? error;
    throw brokenOff(error, { started: run.journal?.started === true, sent: run.sent.sent }, id);
  }
  const problem = endError(run.end, id);
  if (problem !== undefined || run.end === undefined) throw problem ?? new Error('a deploy has an end');
  return run.end;
}

export interface DeployOptions {
  readonly ref: WantedRef;
  /** Seconds. */
  readonly lockWait: number;
}

async function checkComposeFiles(context: Context, git: LocalGit, target: Target, prefix: string): Promise<void> {
  for (const file of context.config.app.compose) {
    const path = prefix === '' ? file : `${prefix}/${file}`;
    if (await git.hasFile(target.commit, path)) continue;
    throw new ZebuError('COMPOSE_INVALID', `There is no ${file} in ${target.ref}`, {
      hint: 'app.compose names the Compose files, relative to zebu.yml; they must be committed.',
      details: { file, commit: target.commit },
    });
  }
}

/** Makes the commit live in the VM, or leaves what was live before. */
export async function deploy(context: Context, options: DeployOptions): Promise<DeployResult> {
  const { config, io, signal, clock } = context;
  const git = new LocalGit(context.root, signal);
  // Everything that can be told from here is told before the VM is bothered.
  const target = await git.resolve(options.ref);
  const prefix = await git.prefix();
  await checkComposeFiles(context, git, target, prefix);
  const secrets = await collectSecrets(context);
  const by = author(context, await git.userName());
  const layout = appLayout(config.app.name);
  const id = makeReleaseId(clock.now(), target.commit);
  const run: Run = { journal: undefined, end: undefined, sent: { sent: false, bytes: 0 } };
  let previous: string | null = null;
  let host = '';
  const send: Step = {
    title: `Send ${target.ref} (${target.commit.slice(0, 7)}) to the VM`,
    run: async (report) => {
      report.update('finding and connecting to the VM');
      const { session, address } = await openGuest(context);
      host = address.host;
      report.update('asking what it has');
      const found = await survey(session, layout, signal);
      if (found.holder !== undefined && options.lockWait === 0) throw lockHeld(found.holder);
      checkRequired(context, secrets, found.secretNames);
      previous = found.current;
      const haves = await git.known(found.haves);
      const needed = !haves.includes(target.commit);
      const plan = planFile({ id, target, author: by, prefix }, config);
      const lines = secretLines(secrets);
      const script = receiveScript({
        layout,
        id,
        mode: 'deploy',
        commit: target.commit,
        holder: JSON.stringify({ ...by, since: clock.now().toISOString(), id, ref: target.ref }),
        lockWait: options.lockWait,
        runnerSize: Buffer.byteLength(RUNNER),
        planSize: Buffer.byteLength(plan),
        secretsSize: Buffer.byteLength(lines),
        pack: needed,
      });
      report.update('sending');
      await launch(
        session,
        signal,
        { script, parts: [RUNNER, plan, lines], pack: needed ? () => git.pack(target.commit, haves) : undefined },
        run,
      );
      report.done(needed ? formatBytes(run.sent.bytes) : 'nothing new to send');
    },
  };
  const end = await carryOut(context, id, [send], run);
  io.debug(() => `sent ${run.sent.bytes} bytes`);
  return {
    release: id,
    ref: target.ref,
    commit: target.commit,
    previous,
    seconds: end.seconds ?? 0,
    sentBytes: run.sent.bytes,
    host,
  };
}

/** Makes a release live again that is still in the VM; nothing is built. */
export async function rollback(
  context: Context,
  options: { id: ReleaseId; previous: string | null; lockWait: number; session: SshSession; host: string },
): Promise<DeployResult> {
  const { config, signal, clock } = context;
  const layout = appLayout(config.app.name);
  const run: Run = { journal: undefined, end: undefined, sent: { sent: false, bytes: 0 } };
  const first: Step = {
    title: `Go back to ${options.id}`,
    run: async () => {
      const script = rollbackScript({
        layout,
        id: options.id,
        mode: 'rollback',
        holder: JSON.stringify({
          ...author(context, ''),
          since: clock.now().toISOString(),
          id: options.id,
          ref: 'rollback',
        }),
        lockWait: options.lockWait,
        runnerSize: Buffer.byteLength(RUNNER),
      });
      await launch(options.session, signal, { script, parts: [RUNNER], pack: undefined }, run);
    },
  };
  const end = await carryOut(context, options.id, [first], run);
  return {
    release: options.id,
    ref: null,
    commit: null,
    previous: options.previous,
    seconds: end.seconds ?? 0,
    sentBytes: 0,
    host: options.host,
  };
}
