import { dayOf } from '../../certificate/judge.js';
import type { ProxyCertificate } from '../../certificate/read.js';
import type { Config } from '../../config/schema.js';
import { probeName } from '../../runs/client-probes.js';
import { describeRegistry } from '../../secrets/registries.js';
import { formatBytes, formatSeconds } from '../../ui/units.js';
import type { UnitsChange } from '../../units/change.js';
import type { ComposeConfig } from './compare.js';

export interface Known {
  readonly bytes: number;
  readonly paths: readonly string[];
  readonly certificate?: ProxyCertificate | undefined;
  readonly inForce?: string | undefined;
  /** What changes in what the VM does by itself. */
  readonly units?: UnitsChange | undefined;
}

function unitSteps({ units }: Known): readonly string[] {
  if (units === undefined) return [];
  const { install, remove } = units;
  return [
    ...(install.length === 0 ? [] : [`have the VM do by itself: ${install.map(({ name }) => name).join(', ')}`]),
    ...(remove.length === 0 ? [] : [`have the VM do no more by itself: ${remove.join(', ')}`]),
  ];
}

function certificateSteps({ certificate, inForce }: Known): readonly string[] {
  if (certificate === undefined) return [];
  const what = `the certificate of ${certificate.domains.join(', ')} (until ${dayOf(certificate.until)})`;
  return [certificate.id === inForce ? `keep ${what}` : `put ${what} in force`];
}

/** Whether others wait for a service to complete is only known in the VM. */
/** `migrations`: where there is a release command, or, as only the VM sees, a service that others wait for to complete. */
function beforeSwitch(
  when: Config['deploy']['dump' | 'snapshot'],
  { release_command: release }: Config['deploy'],
  what: string,
): readonly string[] {
  if (when === 'never') return [];
  return [when === 'always' || release !== undefined ? what : `${what}, where a service migrates the data`];
}

/**
 * What the deploy does, one line a step, in the order of the runner.
 * @param known `bytes`: of git objects; `paths`: what the runner says of those in the Compose files; `inForce`: id of the
 * certificate in the VM
 */
export function plannedSteps(
  { deploy, registries }: Config,
  hooks: readonly string[],
  target: ComposeConfig,
  known: Known,
): readonly string[] {
  const { bytes, paths } = known;
  const hook = (name: string): readonly string[] => (hooks.includes(name) ? [`run .zebu/hooks/${name}`] : []);
  const built = Object.entries(target.services).flatMap(([name, { build }]) => (build === undefined ? [] : [name]));
  const { release_command: release } = deploy;
  return [
    ...unitSteps(known),
    bytes === 0 ? 'send nothing: the VM has the commit' : `send ${formatBytes(bytes)}`,
    ...hook('pre-build'),
    ...registries.map((each) => `log in at ${describeRegistry(each)}`),
    ...paths,
    built.length === 0 ? 'build nothing' : `build ${built.join(', ')}`,
    ...hook('pre-deploy'),
    ...beforeSwitch(deploy.snapshot, deploy, 'take a snapshot of the VM in Proxmox'),
    ...beforeSwitch(deploy.dump, deploy, 'dump the data'),
    ...(release === undefined ? [] : [`run the release command in ${release.service}`]),
    ...certificateSteps(known),
    'start what is new or changed',
    `verify for at most ${formatSeconds(deploy.timeout)}`,
    ...deploy.probes.map((probe) => `probe ${probeName(probe)}`),
    ...hook('post-deploy'),
    `keep the newest ${deploy.keep} verified releases`,
  ];
}
