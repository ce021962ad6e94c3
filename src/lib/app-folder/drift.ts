import type { ServiceState } from './results.js';

/** A container of a release as it was when the release was verified. */
export interface Recorded {
  readonly service: string;
  /** Compose's digest of the service's configuration. */
  readonly configHash: string;
  readonly imageId: string;
  /** A one-shot that has done its work may be tidied away. */
  readonly lasting: boolean;
}

/** Shell: prints what `parseRecorded` reads, for the containers that are there now; last the ports, for the end of a deploy. */
export const RECORD_FORMAT = [
  '{{.Label "com.docker.compose.service"}}',
  '{{.Label "com.docker.compose.config-hash"}}',
  '{{.Label "com.docker.compose.image"}}',
  '{{if eq .State "exited"}}0{{else}}1{{end}}',
  '{{.Ports}}',
].join('|');

export function parseRecorded(text: string): Recorded | undefined {
  const [service = '', configHash = '', imageId = '', lasting] = text.split('|');
  return service === '' ? undefined : { service, configHash, imageId, lasting: lasting === '1' };
}

/** Words of runner/intent.sh for what is to stay up. */
const STAYING = new Set(['serves', 'stays']);

/**
 * Services that are to run and have no container at all, as the watch in the VM finds them (upkeep/watch/judge.awk).
 * What may come to its end, and be tidied away then, is none of them.
 * @param stopped by app:stop: a service, or SERVICE|STARTED
 * @param intents what each is meant for (runner/intent.sh); none for a release that was deployed before there were any
 */
export function withoutContainer(
  recorded: readonly Recorded[],
  now: readonly ServiceState[],
  stopped: readonly string[],
  intents: ReadonlyMap<string, string>,
): readonly string[] {
  const there = new Set([...now.map(({ service }) => service), ...stopped.map((each) => each.replace(/[|].*/, ''))]);
  const stays = (service: string): boolean => intents.size === 0 || STAYING.has(intents.get(service) ?? '');
  const wanted = recorded.filter(({ service, lasting }) => lasting && stays(service) && !there.has(service));
  return [...new Set(wanted.map(({ service }) => service))].toSorted();
}

/** How the containers that are there now differ from the live release, one sentence each. */
export function findDrift(recorded: readonly Recorded[], now: readonly ServiceState[]): readonly string[] {
  const names = [...new Set([...recorded, ...now].map(({ service }) => service))].toSorted();
  return names.flatMap((name) => {
    const then = recorded.filter(({ service }) => service === name);
    const there = now.filter(({ service }) => service === name);
    const [one] = then;
    if (one === undefined) return [`${name} is not part of the release`];
    if (there.length === 0) return one.lasting ? [`${name} has no container`] : [];
    const found: string[] = [];
    if (there.length !== then.length) found.push(`${name} has ${there.length} containers instead of ${then.length}`);
    if (there.some(({ configHash }) => configHash !== one.configHash))
      found.push(`${name} runs with another configuration than the release's`);
    else if (there.some(({ imageId }) => imageId !== one.imageId))
      found.push(`${name} runs another image than the release's`);
    return found;
  });
}
