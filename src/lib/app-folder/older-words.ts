import type { Cause } from './causes.js';

/** What runners wrote that had no codes, in the order they are tried in. Words of theirs will not change any more. */
const OWN_WORDS: readonly (readonly [RegExp, Cause])[] = [
  [/^the run in the VM was interrupted during /, 'interrupted'],
  [/^an earlier run that was interrupted cannot be undone/, 'not-recovered'],
  [/^finished after it was interrupted during /, 'resumed'],
  [/^the client went away before it had probed/, 'client-gone'],
  [/^no space left/, 'no-space'],
  [/^\d+ MiB of memory are available, deploy\.min_memory_mb/, 'no-memory'],
  [/^build argument: /, 'secret-in-build'],
  [/ holds data of releases before, /, 'data-conflict'],
  [/^there is no room for data in /, 'data-unplaced'],
  [/^Docker cannot change the settings of a volume /, 'volume-fixed'],
  [/^the network .* cannot be made anew: /, 'network-failed'],
  [/^the build failed: /, 'build-failed'],
  [/^an image (cannot be pulled|is not there): |^cannot tag /, 'image-missing'],
  [/^\.zebu\/hooks\/\S+ failed with exit status /, 'hook-failed'],
  [/^no snapshot: |^nobody took the snapshot /, 'snapshot-missing'],
  [/^what is to change was not stored$/, 'not-stored'],
  [/^the (paths of the )?Compose files cannot be read/, 'compose-invalid'],
  [/^the release command in \S+ failed with /, 'release-command-failed'],
  [/^docker compose up failed: /, 'up-failed'],
  [/^the proxy (refused its configuration|could not be switched to )/, 'proxy-failed'],
  [/^not in force: /, 'not-in-force'],
  [/^the probe .* failed for \d+ s: /, 'probe-failed'],
  [/^not healthy within \d+ s: |^\S+ is not ready within \d+ s/, 'not-ready'],
  [/^there is no container|^\S+ has no new container/, 'no-container'],
  [/^port \d+ is taken by |^Docker holds port /, 'port-taken'],
  [/^rotate\.command of /, 'rotate-failed'],
  [/^the release cannot be told its new secrets$/, 'secrets-unbound'],
  [/^cannot switch /, 'link-failed'],
  [/^Docker does not answer/, 'docker-silent'],
];

/** Of containers: only where some were started, since Compose says similar things of its files. */
const OF_CONTAINERS: readonly (readonly [RegExp, Cause])[] = [
  [/(^|; )\S+ exited with code 255\b/, 'exited-255'],
  [/(^|; )\S+ (exited with code \d|restarts again and again|is (unhealthy|dead|paused|removing))/, 'unhealthy'],
];

interface OlderEnd {
  readonly verdict: string;
  /** The step that decided. */
  readonly step: string;
  readonly reason: string;
}

/**
 * The cause behind the words of a runner that wrote none: the one place that asks what a sentence says.
 * @returns undefined where there are no words, or none that are known
 */
export function causeOfWords({ verdict, step, reason }: OlderEnd): Cause | undefined {
  if (reason === '') return undefined;
  const find = (words: typeof OWN_WORDS): Cause | undefined => words.find(([pattern]) => pattern.test(reason))?.[1];
  if (verdict === 'refused') {
    // Also of a program that was run before anything was started, such as a build.
    if (/no space left/i.test(reason)) return 'no-space';
    // What Compose said of its files stood there as it was.
    return find(OWN_WORDS) ?? (step === 'check' ? 'compose-invalid' : undefined);
  }
  // The answer of the probes from outside stood there as it was.
  return find(OWN_WORDS) ?? (step === 'client-probe' ? 'probe-failed' : find(OF_CONTAINERS));
}
