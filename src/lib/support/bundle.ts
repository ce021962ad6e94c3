import { homedir, hostname, userInfo } from 'node:os';
import { oneLine } from '@zebu/kit/core';
import type { Config as OclifConfig } from '@oclif/core';
import { configKeys } from '../config/keys.js';
import { formatMinute } from '../ui/units.js';
import type { Context } from '../context/context.js';
import { Cleaner } from './cleaner.js';
import { configurationText, learnFromConfig } from './configuration.js';
import { GUEST_PARTS, guestSections } from './guest.js';
import { hostSections } from './host.js';
import { pluginsText, versionsText } from './local.js';
import { knownSecrets, learnLocalSecrets, learnProjectSecrets } from './masking.js';
import { Names } from '../redaction/names.js';
import { render } from './render.js';
import { reasonOf, section, within, type Section } from './section.js';

export interface BundleRequest {
  /** The context, or why there is none. */
  readonly context: Context | { readonly problem: unknown };
  readonly oclif: OclifConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly now: Date;
  /** Called before something that takes a while. */
  readonly onWait: (what: string) => void;
}

export interface Bundle {
  readonly text: string;
  readonly sections: readonly Section[];
}

const SOURCES_MS = 30_000;

/** Dotted words that are keys, and the sections above them. */
function keyPaths(keys: readonly { readonly path: string }[]): ReadonlySet<string> {
  return new Set(
    keys.flatMap(({ path }) => path.split('.').map((_, at, words) => words.slice(0, words.length - at).join('.'))),
  );
}

function learnThisMachine(names: Names): void {
  names.learn('host', hostname());
  names.learn('host', hostname().split('.')[0]);
  try {
    names.learn('user', userInfo().username);
  } catch {
    // A container may have no entry for its own user.
  }
}

/** Collects all sections and redacts them. A section that cannot be had says why. */
export async function makeBundle(request: BundleRequest): Promise<Bundle> {
  const { context, oclif, env, cwd, signal, now, onWait } = request;
  const keys = 'problem' in context ? await configKeys() : context.loaded.keys;
  const paths = keyPaths(keys);
  const names = new Names([...paths].flatMap((path) => path.split('.')));
  const secrets = knownSecrets();
  learnThisMachine(names);
  await learnLocalSecrets(secrets, env, cwd);
  const sections: Section[] = [
    await section('versions', 'Versions', signal, () => versionsText(oclif, env)),
    await section('plugins', 'Plugins', signal, () => pluginsText(oclif)),
  ];
  const project = 'problem' in context ? undefined : context;
  if (project !== undefined) {
    learnFromConfig(project.loaded, names);
    const read = await section('sources', 'Secret sources', signal, () =>
      within(project, SOURCES_MS, async (bounded) => {
        await learnProjectSecrets(secrets, bounded);
        return 'all read: their values are taken out';
      }),
    );
    sections.push(read);
  }
  sections.push(
    await section('configuration', 'Configuration', signal, () => {
      if ('problem' in context) throw context.problem;
      return configurationText(context.loaded, names);
    }),
  );
  if (project !== undefined) onWait('asking Proxmox and the VM');
  sections.push(...(await hostSections(context, names, signal)));
  if (project === undefined) {
    const reason = reasonOf('problem' in context ? context.problem : undefined);
    for (const [id, title] of GUEST_PARTS) sections.push({ id, title, text: null, reason });
  } else sections.push(...(await guestSections(project, names)));
  const cleaner = new Cleaner(
    [secrets.redactor, ...(project === undefined ? [] : [project.io.redactor])],
    names,
    paths,
    [...(project === undefined ? [] : [[project.root, '<project>'] as const]), [cwd, '<folder>'], [homedir(), '~']],
  );
  const cleaned = sections.map(({ id, title, text, reason }) => ({
    id,
    title,
    text: text === null ? null : cleaner.clean(text),
    reason: reason === null ? null : oneLine(cleaner.clean(reason)),
  }));
  return { sections: cleaned, text: render(cleaned, formatMinute(now.toISOString())) };
}
