import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The lab is a part of zebu that lies beside it. */
const plugins = globSync(
  ['plugins/{transport,secrets}-*/src/**/*.ts', 'examples/plugins/**/*.ts', 'templates/plugin/**/*'],
  { cwd: root },
).filter((path) => /\.[mc]?[jt]s$/.test(path) && !path.includes('node_modules'));

it('plugins use what is public of the kit and nothing of zebu', () => {
  expect(plugins.length).toBeGreaterThan(15);
  const against = plugins.flatMap((path) =>
    [
      ...readFileSync(`${root}/${path}`, 'utf8').matchAll(
        /from '(@zebu\/kit\/core|(?:\.\.\/)+(?:src\/lib|kit\/src)[^']*)'/g,
      ),
    ].map(([, module]) => `${path}: ${module}`),
  );
  expect(against).toEqual([]);
});

it('what is public of the kit is named one by one', () => {
  const index = readFileSync(`${root}/plugins/kit/src/index.ts`, 'utf8');
  expect(index).not.toMatch(/export (?:type )?\*/);
});
