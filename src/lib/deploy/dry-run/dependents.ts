import type { PlannedService } from '../results.js';
import type { ComposeConfig } from './compare.js';

/** Major and minor of what `docker compose version --short` prints: `2.26.1-4`, `v2.40.0`. */
function versionOf(text: string): readonly [major: number, minor: number] | undefined {
  const [, major, minor] = /^v?(\d+)\.(\d+)\./.exec(text.trim()) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
}

/**
 * What Compose does to services that depend on one it replaces: before 2.30 it replaces them, too, and those that depend on them;
 * before 2.36 it stops and starts them; since then only those that ask for it (`restart: true`).
 */
function manner(version: string): 'replaced' | 'restarted' | undefined {
  const [major, minor] = versionOf(version) ?? [2, 36];
  if (major !== 2 || minor >= 36) return undefined;
  return minor < 30 ? 'replaced' : 'restarted';
}

const replaces = ({ change }: PlannedService): boolean => change === 'replaced' || change === 'maybe-replaced';

/**
 * The same services with what happens to those that depend on replaced ones. Where one is rolled, zebu goes service by service,
 * and none is replaced for another's sake.
 * @param version of Compose in the VM, as it prints it
 */
export function withDependents(
  services: readonly PlannedService[],
  target: ComposeConfig,
  version: string,
): readonly PlannedService[] {
  const rolls = services.some((each) => replaces(each) && each.strategy === 'rolling');
  const how = rolls ? undefined : manner(version);
  const planned = new Map(services.map((each) => [each.service, each]));
  for (let more = true; more;) {
    more = false;
    for (const each of planned.values()) {
      if (each.change !== 'unchanged' || each.reasons.length > 0) continue;
      const needs = Object.entries(target.services[each.service]?.depends_on ?? {}).flatMap(([name, { restart }]) => {
        const needed = planned.get(name);
        return needed !== undefined && replaces(needed) && (how !== undefined || restart === true) ? [needed] : [];
      });
      const certain = needs.find(({ change }) => change === 'replaced') ?? needs[0];
      if (certain === undefined) continue;
      more = true;
      planned.set(
        each.service,
        how === 'replaced'
          ? {
              ...each,
              change: certain.change,
              strategy: 'recreate',
              reasons: [`depends on ${certain.service}: this Compose (${version.trim()}) replaces both`],
            }
          : { ...each, reasons: [`depends on ${certain.service}: is restarted with it`] },
      );
    }
  }
  return services.map((each) => planned.get(each.service) ?? each);
}
