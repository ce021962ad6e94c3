/** Code reads codes, people read sentences: what asks what a message says is named here, with whose words they are. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../support/cli.js';

/** Where somebody else's words are recognised, since they have no code for it. */
const OTHERS_WORDS: Readonly<Record<string, string>> = {
  'src/lib/app-folder/older-words.ts': 'runners that wrote no cause',
  'src/lib/guest/disk-full.ts': 'the kernel',
  'src/lib/proxmox/said.ts': 'Proxmox',
  'src/lib/proxmox/tasks.ts': 'Proxmox: a task that ended with WARNINGS',
  'src/lib/vm/provision/community-script/verdict.ts': 'programs of the community script',
  'src/lib/vm/provision/community-script/reading/words.ts': 'the community script itself',
  'src/lib/config/problems.ts': 'zod',
  'src/lib/providers/blamed.ts': 'a plugin, which may have said its name',
  'src/lib/proxmox/task-failure.ts': 'Proxmox: lines of the log of a task',
  'plugins/kit/src/pve-error.ts': 'Proxmox',
  'plugins/transport-ssh/src/pvesh.ts': 'pvesh',
  'plugins/secrets-github/src/api.ts': 'GitHub',
  'plugins/kit/src/ssh/connect.ts': 'ssh2',
  'plugins/lab/src/pve/api.ts': 'Proxmox, as the lab says it',
  'plugins/lab/src/host/program.ts': 'Proxmox, as the lab says it',
};

/** What holds sentences. */
const WORDS = String.raw`\b(?:message|hint|reason|detail|said|words|stderr|why|exit|title)\b\)?`;
const ASKS = [
  new RegExp(String.raw`${WORDS}\??\.(?:startsWith|endsWith|includes|match|matchAll|search)\(`),
  new RegExp(String.raw`${WORDS}(?:\n\s*)?\??\.replace(?:All)?\(\s*/\^?[A-Z][a-z]+ `),
  new RegExp(String.raw`/[a-z]*\.(?:test|exec)\([^()]*${WORDS}`),
  new RegExp(String.raw`/[A-Za-z][a-z]+ [a-z]+[^/\n]*/[a-z]*\.(?:test|exec)\(`),
  new RegExp(String.raw`\b(?:said|reason|message|stderr)\b\??\s*(?:===|!==)\s*'[^']+ [^']+'`),
];

function asked(text: string): readonly string[] {
  return ASKS.flatMap((pattern) => {
    const [found] = pattern.exec(text) ?? [];
    return found === undefined ? [] : [found];
  });
}

const files = globSync(['src/**/*.ts', 'plugins/*/src/**/*.ts'], { cwd: ROOT }).map((file) =>
  file.replaceAll('\\', '/'),
);

describe('what a sentence says', () => {
  it('is asked only where it is not ours', () => {
    const found = files.flatMap((file) => {
      const asks = asked(readFileSync(join(ROOT, file), 'utf8'));
      return asks.length === 0 || file in OTHERS_WORDS ? [] : [`${file} asks what a sentence says: ${asks.join(', ')}`];
    });
    expect(found, 'give it a code (a cause, an exit status, a member of the details), and read that').toEqual([]);
  });

  it('is asked wherever that is said, so that the list does not rot', () => {
    const idle = Object.keys(OTHERS_WORDS).filter(
      (file) =>
        !files.includes(file) ||
        !/\/[a-z]*\.(test|exec)\(|\.test\(|With\(|includes\(/.test(readFileSync(join(ROOT, file), 'utf8')),
    );
    expect(idle).toEqual([]);
  });

  it.each([
    ["if (said.startsWith('the run in the VM was interrupted')) {"],
    ["if (reason?.startsWith('still') === true)"],
    ["if (stderr.includes('interrupted'))"],
    ['if (/no space left/i.test(reason)) {'],
    ["const reason = error.message\n      .replace(/^The release is not healthy: /, '')"],
    ['/guest agent is not running|got timeout/i.test(error.message)'],
    ["if (error.message === 'the VM is gone')"],
  ])('would be found: %s', (line) => {
    expect(asked(line)).not.toEqual([]);
  });
});
