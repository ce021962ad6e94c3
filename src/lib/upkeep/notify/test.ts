import { randomBytes } from 'node:crypto';
import { variables, ZebuError } from '@zebu/kit';
import { nearest } from '@zebu/kit/core';
import type { SshSession } from '@zebu/kit/ssh';
import { author } from '../../app-folder/author.js';
import type { Context } from '../../context/context.js';
import { timeLimit } from '../../context/time-limit.js';
import { openGuest } from '../../guest/session.js';
import { unitDigests } from '../../guest/units.js';
import type { Receiver } from '../../config/notify-declaration.js';
import { runSteps, type StepReport } from '../../ui/steps.js';
import { wantedChange } from '../bring.js';
import type { NotifyTest } from '../results.js';
import { ownerOf } from '../wanted.js';
import READ_TEST from './read-test.sh';
import WRITE_TEST from './write-test.sh';
import { lastLine } from '../../guest/lines.js';

/** Each receiver has half a minute with a webhook, and more with apprise; they are tried one after another. */
const SECONDS_EACH = 100;
/** A unit that is to be started takes a moment; what waits for another receiver looks every five seconds. */
const START_SECONDS = 30;
const POLL_MS = 500;

function chosen(all: readonly Receiver[], name: string | undefined): readonly Receiver[] {
  if (all.length === 0)
    throw new ZebuError('CONFIG_INVALID', 'zebu.yml names nobody who is to be told', {
      hint: 'Add one: notify: [{ name: phone, apprise: NTFY_URL }]. See docs/notify.md.',
    });
  if (name === undefined) return all;
  const one = all.filter((each) => each.name === name);
  if (one.length > 0) return one;
  const names = all.map((each) => each.name);
  const meant = nearest(name, names);
  throw new ZebuError('USAGE', `There is no receiver ${name} in zebu.yml; there is ${names.join(', ')}`, {
    hint: meant === undefined ? undefined : `Did you mean ${meant}?`,
  });
}

interface Answers {
  readonly said: ReadonlyMap<string, string>;
  /** Nobody has taken the order yet. */
  readonly waits: boolean;
}

function parseAnswers(stdout: string): Answers {
  const said = new Map<string, string>();
  for (const [, name = '', text = ''] of stdout.matchAll(/^at=(\S+) (.*)$/gm)) said.set(name, text);
  return { said, waits: /^waits=1$/m.test(stdout) };
}

async function answers(
  context: Context,
  session: SshSession,
  ids: Readonly<Record<string, string>>,
  receivers: readonly Receiver[],
  report: StepReport,
): Promise<ReadonlyMap<string, string>> {
  const { clock, signal } = context;
  const seconds = START_SECONDS + SECONDS_EACH * receivers.length;
  const limit = timeLimit(seconds * 1000, { clock, signal });
  const begun = clock.elapsed();
  for (;;) {
    const { stdout } = await session.exec({ line: variables(ids) + READ_TEST }, { signal, timeoutMs: 30_000 });
    const { said, waits } = parseAnswers(stdout);
    const missing = receivers.filter(({ name }) => !said.has(name)).map(({ name }) => name);
    if (missing.length === 0) return said;
    if (waits && clock.elapsed() - begun > START_SECONDS * 1000)
      throw new ZebuError(
        'VM_NOT_READY',
        'Nothing in the VM takes what is to be told: the unit notify was not started',
        {
          hint: 'See what is wrong with it: zebu doctor. Put it right: zebu vm:apply',
        },
      );
    if (limit.left() <= 0) return said;
    report.update(waits ? 'waiting for the VM to take it' : `waiting for ${missing.join(', ')}`);
    await clock.sleep(POLL_MS, signal);
  }
}

/**
 * Has the VM send a test to those who are told what happens, the way everything else reaches them.
 * @param name of one; undefined for all @throws CONFIG_INVALID, USAGE, VM_DIFFERS, VM_NOT_READY
 */
export async function testNotify(context: Context, name: string | undefined): Promise<NotifyTest> {
  const { config, signal } = context;
  const receivers = chosen(config.notify, name);
  const { session } = await openGuest(context);
  const owner = ownerOf(config);
  const change = wantedChange(context, await unitDigests(session, owner, { signal, timeoutMs: 60_000 }));
  if (change?.install.some((unit) => unit.name === 'notify') === true)
    throw new ZebuError('VM_DIFFERS', 'The VM does not know yet who is to be told: zebu.yml is newer', {
      hint: 'Put it there: zebu vm:apply, or deploy.',
    });
  const ids = { base: owner.base, test_id: randomBytes(8).toString('hex') };
  const { who } = author(context, '');
  let said: ReadonlyMap<string, string> = new Map();
  await runSteps(context.io, signal, [
    {
      title: `Send a test from the VM to ${receivers.map((each) => each.name).join(', ')}`,
      run: async (report) => {
        const values = { ...ids, to: name ?? '', by: JSON.stringify(who).slice(1, -1) };
        const { code, stderr } = await session.exec(
          { line: variables(values) + WRITE_TEST },
          { signal, timeoutMs: 30_000 },
        );
        if (code !== 0) throw new ZebuError('APP_MISSING', `The VM could not be told: ${lastLine(stderr)}`);
        said = await answers(context, session, ids, receivers, report);
      },
    },
  ]);
  return {
    app: config.app.name,
    receivers: receivers.map((each) => {
      const answer = said.get(each.name) ?? 'no answer in time';
      const ok = answer === 'ok';
      return {
        name: each.name,
        how: each.apprise === undefined ? 'webhook' : 'apprise',
        ok,
        reason: ok ? null : answer,
      };
    }),
  };
}
