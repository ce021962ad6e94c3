/** The packed zebu under every Node it says it runs on. Long, because each of them is downloaded once. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zebu, type CliRun } from '../../support/cli.js';
import { install, type Installation } from '../../support/installation.js';
import { npm } from '../../support/packed.js';

let installation: Installation;
beforeAll(() => {
  installation = install();
}, 400_000);
afterAll(() => installation.remove());

/** @returns the folder of the program */
function nodeOf(version: string): string {
  const folder = installation.at(`node-${version}`);
  mkdirSync(folder);
  // It fetches the program when it is installed, which has to be allowed.
  writeFileSync(`${folder}/package.json`, '{"allowScripts":{"node":true}}');
  npm(['install', `node@${version}`, '--no-audit', '--no-fund', '--prefer-offline'], {
    cwd: folder,
    timeoutMs: 300_000,
  });
  return `${folder}/node_modules/node/bin`;
}

describe.each(['22.13.0', '22', '26'])('with Node %s', (version) => {
  let run: (args: readonly string[]) => Promise<CliRun>;
  beforeAll(() => {
    const env = { ...installation.env, PATH: `${nodeOf(version)}:/usr/bin:/bin` };
    run = (args) => zebu(args, { cwd: installation.at('empty'), program: installation.program, env });
  }, 400_000);

  it('says its version and what it can do', async () => {
    const said = await run(['--version']);
    expect(said).toMatchObject({ code: 0, stderr: '' });
    expect(said.stdout).toContain(` node-v${version}${version.includes('.') ? '' : '.'}`);
    const help = await run(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('TOPICS');
  });

  it('loads its plugins, and refuses in one line', async () => {
    const providers = await run(['providers', '--json']);
    expect(providers).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(providers.stdout)).toMatchObject({ result: { problems: [] } });
    const status = await run(['vm:status']);
    expect(status).toMatchObject({ code: 3, stdout: '' });
    expect(status.stderr).toMatch(/^Error: No zebu\.yml in .*\n {2}-> .*\n$/);
  });
});
