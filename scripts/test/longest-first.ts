import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * What took longest on a quiet machine of two cores, the longest first: one of these that starts last runs alone. vitest takes this from
 * the run before; where there was none it goes by the size of a file, which says nothing of these.
 */
const LONGEST = `
  lab/recordings-9.2 pull/pull app/paths app/registries secrets/canary app/everyday vm/rebuild secrets/secrets lifecycle/everyday
  ensure/exactness lifecycle/prove-dump app/verdict app/in-force vm/life app/certificates vm/backup-job cluster/cluster vm/template
  vm/community-script vm/rebuild-trouble data/data ci/workflow vm/told vm/killed app/properties plugins/foreign pve/acceptance
  transports/channel app/outdated cli/refused vm/interrupted vm/image lab/recordings
`
  .trim()
  .split(/\s+/);

/** Kinds one after the other as vitest has them, and of each the longest files first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/integration/${name}.test.ts`));
      return at === -1 ? LONGEST.length : at;
    };
    const kinds = [...new Set(sorted.map(({ project }) => project))];
    return kinds.flatMap((kind) =>
      sorted.filter(({ project }) => project === kind).toSorted((a, b) => rank(a) - rank(b)),
    );
  }
}
