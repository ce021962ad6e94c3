import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import BUILD_ARGS from '../../../src/lib/runner/build-args.sh';
import CONFIG from '../../../src/lib/runner/config.sh';
import { inEachShell, runIn } from '../../support/shells.js';
import { MASK_FUNCTION } from '../../../src/lib/app-folder/secrets/masks.js';

const VALUES = "API_TOKEN='tok-4711-secret'\nPORT='8080'\nDB_NAME='plausible'\n";

/** The runner's judgement of a configuration that Compose can render, but not with markers in it. */
function judge(
  services: Readonly<Record<string, object>>,
  compose = "echo 'invalid hostPort: zebu-marker-PORT-end' >&2; return 15;",
): { readonly code: number | null; readonly reason: string } {
  const work = mkdtempSync(join(tmpdir(), 'zebu-args-'));
  try {
    mkdirSync(join(work, 'shared/secrets'), { recursive: true });
    mkdirSync(join(work, 'tree'));
    writeFileSync(join(work, 'shared/secrets/1.env'), VALUES);
    writeFileSync(join(work, 'config'), JSON.stringify({ name: 'shop', services }, null, 2));
    const script = `base=${work} work=${work} tree=${work}/tree secrets=1.env reason= masks=${work}/shared/secrets
release=${work} directory=${work}/tree
${MASK_FUNCTION}compose() { ${compose} }
${CONFIG}${BUILD_ARGS}
find_build_args; code=$?
printf '%s' "$reason"
exit $code`;
    const run = inEachShell((shell) => runIn(shell, script));
    expect(run.stderr).toBe('');
    return { code: run.code, reason: run.stdout };
  } finally {
    rmSync(work, { recursive: true });
  }
}

it('finds the value of a secret in a build argument where Compose takes no marker', () => {
  const { code, reason } = judge({
    api: { build: { args: { TOKEN: 'x-tok-4711-secret' }, context: '/x' }, ports: [{ published: '8080', target: 80 }] },
    web: { build: { args: { MODE: 'production' }, context: '/x' }, environment: { TOKEN: 'tok-4711-secret' } },
  });
  expect(code).toBe(1);
  expect(reason).toContain('the value of a secret is in TOKEN of api, where it stays');
  expect(reason).not.toContain('web');
  expect(reason).not.toContain('4711');
});

it('lets arguments pass that have nothing to do with a secret', () => {
  const web = { build: { args: { MODE: 'production' }, context: '/x' }, environment: { TOKEN: 'tok-4711-secret' } };
  expect(judge({ web })).toEqual({ code: 0, reason: '' });
});

it.each(['my-plausible-site', 'plausible', '8080'])(
  'lets an argument %s pass that a common value stands in as well',
  (name) => {
    const web = { build: { args: { APP_NAME: name }, context: '/x' }, ports: [{ published: '8080', target: 80 }] };
    expect(judge({ web })).toEqual({ code: 0, reason: '' });
  },
);

it('tells a word that is a secret from the same word, also beside a port that is one', () => {
  // As Compose renders it: what is interpolated has the marker, and a port has to be a number.
  const rendered = (argument: string): string =>
    `! grep -q zebu-marker-PORT "$work/markers" || return 15; printf 'services:\\n  web:\\n    build:\\n      args:\\n        APP_NAME: ${argument}\\n';`;
  const web = { build: { args: { APP_NAME: 'plausible' }, context: '/x' }, ports: [{ published: '8080', target: 80 }] };
  expect(judge({ web }, rendered('plausible'))).toEqual({ code: 0, reason: '' });
  const { code, reason } = judge({ web }, rendered('zebu-marker-DB_NAME-end'));
  expect(code).toBe(1);
  expect(reason).toContain('DB_NAME is handed to the build of web');
});
