import { ZEBU_ROOT } from '../guest/zebu-root.js';

/** Where everything of an app is in the VM. */
export interface AppLayout {
  readonly base: string;
  /** Bare repository: each deploy sends only what it lacks. */
  readonly repo: string;
  /** One folder a release: the checkout, and beside it what belongs to it. */
  readonly releases: string;
  /** A link to the live release's folder. */
  readonly current: string;
  /** One JSON line for each release that was tried. */
  readonly history: string;
  readonly journals: string;
  readonly secrets: string;
  readonly lock: string;
}

export function appLayout(app: string): AppLayout {
  const base = `${ZEBU_ROOT}/${app}`;
  return {
    base,
    repo: `${base}/repo.git`,
    releases: `${base}/releases`,
    current: `${base}/current`,
    history: `${base}/releases.jsonl`,
    journals: `${base}/journals`,
    secrets: `${base}/shared/secrets`,
    lock: `${base}/lock`,
  };
}
