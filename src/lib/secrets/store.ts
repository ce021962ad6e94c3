import { parseDotenv, Sensitive, variables, ZebuError } from '@zebu/kit';
import type { SshSession } from '@zebu/kit/ssh';
import type { Context } from '../context/context.js';
import { author } from '../app-folder/author.js';
import { warnOfLink } from '../app-folder/current-link.js';
import { appLayout, type AppLayout } from '../app-folder/layout.js';
import { changedMeanwhile, lockHeld } from '../app-folder/lock.js';
import { hasChanges, secretBundle, type SecretChanges, type Stamp } from './bundle.js';
import { secretsValues, storeSurveyScript } from '../app-folder/secrets/scripts.js';
import { parseStore, type SecretStore } from '../app-folder/secrets/versions.js';
import { CHANGED_STATUS, LOCKED_STATUS } from '../app-folder/statuses.js';
import WRITE from './write.sh';
import { lastLine } from '../guest/lines.js';

const failed = (stderr: string): ZebuError =>
  new ZebuError('VM_NOT_READY', `The secrets in the VM cannot be read: ${lastLine(stderr)}`);

/** What the VM has, without values. */
export async function readStore(context: Context, session: SshSession): Promise<SecretStore> {
  const layout = appLayout(context.config.app.name);
  const { code, stdout, stderr } = await session.exec(
    { line: storeSurveyScript(layout) },
    { signal: context.signal, timeoutMs: 60_000 },
  );
  if (code !== 0) throw failed(stderr);
  const store = parseStore(stdout);
  if (store.cutOff)
    context.io.warn(
      'A change of secrets was interrupted in the VM: zebu app:recover ends it, as the next change does.',
    );
  warnOfLink(context, store.link);
  return store;
}

/** The values of a version. They are masked from here on in all output, unless they are to be shown. @throws SECRET_UNKNOWN when it is not kept */
export async function readValues(
  context: Context,
  session: SshSession,
  store: SecretStore,
  { version = store.latest, mask = true }: { version?: number; mask?: boolean } = {},
): Promise<ReadonlyMap<string, Sensitive>> {
  if (version === 0) return new Map();
  if (!store.kept.includes(version)) {
    throw new ZebuError('SECRET_UNKNOWN', `The values of version ${version} are not in the VM any more`, {
      hint: `There is ${store.kept.join(', ')}.`,
    });
  }
  const { secrets } = appLayout(context.config.app.name);
  const { code, stdout, stderr } = await session.exec(['cat', `${secrets}/${version}.env`], {
    signal: context.signal,
    timeoutMs: 60_000,
  });
  if (code !== 0) throw failed(stderr);
  const values = parseDotenv(stdout);
  if (mask) for (const value of values.values()) context.io.mask(value);
  return new Map([...values].map(([name, value]) => [name, new Sensitive(value)]));
}

export function stamp(context: Context, why: string): Stamp {
  return { author: author(context, ''), at: context.clock.now().toISOString(), why };
}

/** Makes a version of the bundle on standard input, see write.sh. */
export function writeScript(
  layout: AppLayout,
  holder: string,
  lockWait: number,
  size: number,
  expected: number,
): string {
  const part = secretsValues({ size, expected, staged: false });
  return variables({ base: layout.base, holder, lock_wait: lockWait, ...part }) + WRITE;
}

/** Makes a new version; values go over standard input. @returns its number, or the latest when nothing changes */
export async function writeStore(
  context: Context,
  session: SshSession,
  store: SecretStore,
  changes: SecretChanges,
  why: string,
): Promise<number> {
  if (!hasChanges(changes)) return store.latest;
  const { config, signal } = context;
  const made = stamp(context, why);
  const bundle = secretBundle(store, changes, made);
  const holder = JSON.stringify({ ...made.author, since: made.at, id: '', ref: `secrets:${why}` });
  const layout = appLayout(config.app.name);
  const script = writeScript(layout, holder, config.deploy.lock_wait, Buffer.byteLength(bundle), store.latest);
  const { code, stdout, stderr } = await session.exec({ line: script }, { signal, timeoutMs: 120_000, stdin: bundle });
  if (code === LOCKED_STATUS) throw lockHeld(stdout);
  if (code === CHANGED_STATUS) throw changedMeanwhile();
  if (code !== 0) {
    const said = lastLine(stderr);
    throw new ZebuError('VM_NOT_READY', `The secrets could not be stored in the VM: ${said}`);
  }
  return store.latest + 1;
}
