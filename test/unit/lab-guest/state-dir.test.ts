import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { layout } from '../../../plugins/lab/src/instance/layout.js';
import { claimStateDir } from '../../../plugins/lab/src/instance/up.js';

it('takes a new, an empty or its own folder for the state of a lab, and no other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zebu-state-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const at = (name: string): ReturnType<typeof layout> => layout('test', {}, join(folder, name));
  await claimStateDir(at('new'));
  await claimStateDir(at('new'));
  mkdirSync(join(folder, 'own'));
  writeFileSync(at('own').settings, '{}');
  await claimStateDir(at('own'));
  // `lab:down` would remove what somebody else put there.
  mkdirSync(join(folder, 'repository'));
  writeFileSync(join(folder, 'repository', 'compose.yml'), '');
  await expect(claimStateDir(at('repository'))).rejects.toMatchObject({ code: 'USAGE' });
});

it('takes an empty variable for none', () => {
  const home = join(homedir(), '.local/state/zebu/lab/test');
  expect(layout('test', { HOME: homedir() }, '').stateDir).toBe(home);
  expect(layout('test', { HOME: homedir() }).stateDir).toBe(home);
});
