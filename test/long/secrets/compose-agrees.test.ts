import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { parseDotenv } from '../../../plugins/kit/src/dotenv/parse.js';
import { makeProject, type Project } from '../../support/project.js';
import { agreementScript, composeReadings, samples } from './compose-agrees.js';

const sorted = (values: Readonly<Record<string, string>>): readonly [string, string][] =>
  Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1));

describe('.env files', { timeout: 300_000 }, () => {
  let project: Project;

  beforeAll(async () => {
    project = makeProject({ lab: theLab(), app: 'agree' });
    await project.json(['vm:create']);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it.each([1, 2, 3, 4, 5])('reads 1000 files of KEY=value text as Compose does (%i of 5)', async (seed) => {
    const files = samples(1000, seed);
    const run = await project.zebu(['vm:ssh', '--', 'sh'], { stdin: agreementScript(files) });
    expect(run.code, run.stderr).toBe(0);
    const read = composeReadings(run.stdout, files.length);
    const different = files.flatMap(({ text, values }, n) => {
      const theirs = read[n] ?? {};
      const ours = Object.fromEntries(parseDotenv(text));
      const [wanted, ...got] = [values, ours, theirs].map((each) => JSON.stringify(sorted(each)));
      return got.every((each) => each === wanted) ? [] : [{ text, values, ours, theirs }];
    });
    expect(different.slice(0, 3)).toEqual([]);
  });
});
