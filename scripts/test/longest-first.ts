import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * What took longest on a machine of two cores, and most of them, the longest first: one of these that starts last runs alone. vitest takes this from
 * the run before; where there was none it goes by the size of a file, which says nothing of these.
 */
const LONGEST = `
  lab/recordings-9.2 pull/pull app/registries app/verdict app/in-force app/paths secrets/canary app/everyday lifecycle/everyday
  secrets/secrets vm/rebuild lifecycle/prove-dump ensure/exactness package/installed cli/modes app/certificates vm/rebuild-trouble
  vm/template app/recalled vm/life vm/community-script vm/backup-job app/deploy app/compose lifecycle/prove data/data
  lifecycle/rehearse app/settings ci/workflow app/unchanged app/probation app/starts up/up vm/told lifecycle/snapshot
`
  .trim()
  .split(/\s+/);

/** These take minutes, most of which is waiting: they begin before all others. */
const AT_ONCE = 2;

/**
 * The longest at once, beside them what is quickly told, unit tests, and then what has guests, of which again the longest first: at the
 * end all workers have something short.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project: { name } }: TestSpecification): number => {
      if (name === 'unit') return AT_ONCE - 0.5;
      if (name !== 'integration') return -1;
      const at = LONGEST.findIndex((file) => moduleId.endsWith(`/integration/${file}.test.ts`));
      return at === -1 ? LONGEST.length : at;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
