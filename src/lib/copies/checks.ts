import { handledLater, isZebuError, sh, variables } from '@zebu/kit';
import type { Config } from '../config/schema.js';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import type { GuestByAgent } from './agent-shell.js';
import CHECK from './check.sh';
import type { ProofCheck } from '../app-folder/proof-schemas.js';
import { lastLine } from '../guest/lines.js';
import { runSteps } from '../ui/steps.js';

export interface DataCheck {
  readonly name: string;
  readonly service: string;
  readonly command: readonly string[];
  /** Whether the copy has to say exactly what production says, as of data that does not change. */
  readonly same: boolean;
}

const SECONDS = 120;
const SHOWN = 200;

const script = (app: string, { service, command }: DataCheck): string =>
  variables({ project: app, service, seconds: SECONDS }) + sh`set -- ${command}` + `\n${CHECK}`;

/** What was said, in one line. */
function said(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > SHOWN ? `${line.slice(0, SHOWN - 1)}…` : line;
}

const lastSaid = (text: string): string => said(lastLine(text));

/** What production says, as far as it can be asked: a proof is also for when it is gone. */
async function askProduction(context: Context, checks: readonly DataCheck[]): Promise<ReadonlyMap<string, string>> {
  if (checks.length === 0) return new Map();
  try {
    const { session } = await openGuest(context);
    const answers = await Promise.all(
      checks.map(async (check) => {
        const run = await session.exec(
          { line: script(context.config.app.name, check) },
          { signal: context.signal, timeoutMs: (SECONDS + 30) * 1000 },
        );
        return run.code === 0 ? [[check.name, said(run.stdout)] as const] : [];
      }),
    );
    return new Map(answers.flat());
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isZebuError(error)) throw error;
    context.io.warn(`The VM of the app could not be asked what data.check says there: ${error.message}`);
    return new Map();
  }
}

/** What the data in the copy says, beside what that of production says. */
async function checkData(
  context: Context,
  guest: GuestByAgent,
  checks: readonly DataCheck[],
): Promise<readonly ProofCheck[]> {
  const asked = handledLater(askProduction(context, checks));
  const answers: ProofCheck[] = [];
  for (const check of checks) {
    const run = await guest.ask(
      ['runuser', '-u', context.config.vm.user, '--', 'sh', '-c', script(context.config.app.name, check)],
      (SECONDS + 60) * 1000,
    );
    const production = (await asked).get(check.name) ?? null;
    const copy = said(run.stdout);
    const why =
      run.exit !== 0
        ? `it ended with ${run.exit}${run.stderr.trim() === '' ? '' : `: ${lastSaid(run.stderr)}`}`
        : check.same && production !== null && production !== copy
          ? `it says ${copy === '' ? 'nothing' : copy}, production says ${production === '' ? 'nothing' : production}`
          : '';
    answers.push({ name: check.name, copy, production, why });
  }
  return answers;
}

/** The same as a step, where anything is to be asked. @returns why something is not as it should be; empty where all is */
export async function askChecks(
  context: Context,
  guest: GuestByAgent,
  checks: readonly DataCheck[],
): Promise<{ readonly why: string; readonly checks: readonly ProofCheck[] }> {
  const found: { why: string; checks: readonly ProofCheck[] } = { why: '', checks: [] };
  if (checks.length === 0) return found;
  await runSteps(context.io, context.signal, [
    {
      title: 'Ask the data what data.check asks',
      run: async (report) => {
        found.checks = await checkData(context, guest, checks);
        const bad = found.checks.filter(({ why }) => why !== '');
        found.why = bad.map(({ name, why }) => `data.check.${name}: ${why}`).join('; ');
        report.done(bad.length === 0 ? 'as it should be' : found.why);
      },
    },
  ]);
  return found;
}

/** As zebu.yml has them. */
export function checksOf({ data }: Pick<Config, 'data'>): readonly DataCheck[] {
  return Object.entries(data?.check ?? {}).map(([name, { service, command, same }]) => ({
    name,
    service,
    command,
    same,
  }));
}
