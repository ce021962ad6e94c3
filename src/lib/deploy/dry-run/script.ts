import { variables } from '@zebu/kit';
import type { AppLayout } from '../../app-folder/layout.js';
import REHEARSAL from './rehearsal.sh';

/** What a path within the release is called in both configurations, which lie in different folders. */
export const RELEASE_MARK = '/zebu-release';

export interface Rehearsal {
  readonly layout: AppLayout;
  readonly commit: string;
  /** Bytes of each part on standard input; the pack follows them to the end. */
  readonly planSize: number;
  readonly markersSize: number;
  /** False when the VM has every object already. */
  readonly pack: boolean;
}

/**
 * What a deploy of the commit would find, see rehearsal.sh.
 *
 * Prints sections that begin with a line `@@NAME`: live and target (the indented JSON of `docker compose config`; live only
 * where there is one that can be read), paths (what is said of them), tended (folders that follow the commit where they are kept), strategies (as the runner's), hooks (names), room
 * (`PLACE FREE_MIB`), memory (MiB), history (the last lines), live-settings and settings (lines of KEY=value), and error (why
 * Compose refuses the files) or refused (why a path in them is, or what a volume cannot become), and version (of Compose).
 */
export function rehearsalScript({ layout, commit, planSize, markersSize, pack }: Rehearsal): string {
  const values = {
    base: layout.base,
    plan_size: planSize,
    markers_size: markersSize,
    pack: pack ? 1 : 0,
    commit,
    mark: RELEASE_MARK,
  };
  return variables(values) + REHEARSAL;
}

/** Lines of a name and where it is kept, separated by a tab: kept → name. */
export function parseTended(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [name = '', place] = line.split('\t');
      return place === undefined ? [] : [[place, name] as const];
    }),
  );
}

/** The sections of what the script printed. */
export function parseSections(stdout: string): ReadonlyMap<string, string> {
  const sections = new Map<string, string>();
  for (const part of stdout.split(/^@@/m).slice(1)) {
    const cut = part.indexOf('\n');
    sections.set(part.slice(0, cut), part.slice(cut + 1));
  }
  return sections;
}
