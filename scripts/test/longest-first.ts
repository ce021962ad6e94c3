import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * What took longest on a quiet machine of two cores, the longest first: one of these that starts last runs alone. vitest takes this from
 * the run before; where there was none it goes by the size of a file, which says nothing of these.
 */
const LONGEST = `
  pull/pull lab/recordings-9.2 vm/rebuild-trouble secrets/secrets lifecycle/everyday vm/rebuild app/in-force lifecycle/prove-dump
  app/verdict vm/killed app/registries app/paths app/everyday ci/workflow cluster/cluster app/certificates pve/acceptance
  vm/community-script app/properties vm/interrupted ensure/exactness lab/recordings vm/backup-job vm/life data/data vm/image
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
