import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderConfig } from '../../../src/lib/init/render.js';
import { SETTINGS_RULE } from '../../../src/lib/settings/sentence.js';

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll('`', '');

describe('what becomes of .env', () => {
  it.each(['docs/secrets.md', 'docs/apps.md', 'docs/troubleshooting.md'])(
    'is said in the same sentence by %s',
    (file) => {
      expect(oneLine(readFileSync(file, 'utf8'))).toContain(SETTINGS_RULE);
    },
  );

  it.each([[[]], [['API_KEY']]])('is said by what init writes, with the secrets %j', (secrets) => {
    const answers = {
      app: 'shop',
      compose: [],
      transport: { chosen: { id: 'ssh' }, others: [], hosts: [], hasLogin: false },
      host: undefined,
      url: undefined,
      imported: undefined,
    };
    const seen = { detected: { services: [] }, composeBelow: [] } as unknown as Parameters<typeof renderConfig>[1];
    const found = secrets.map((name) => ({ name, declaration: '{}', about: '', wanted: true }));
    expect(renderConfig({ ...answers, secrets: found }, seen)).toContain(`# ${SETTINGS_RULE}\n`);
  });
});
