import { describe, expect, it } from 'vitest';
import {
  BUILT_IN_PIN,
  mismatches,
  parsePin,
  SCRIPT_FILES,
  sha256,
} from '../../../../src/lib/vm/provision/community-script/pin.js';
import { rewriteSources } from '../../../../src/lib/vm/provision/community-script/rewrite.js';

const files = new Map(SCRIPT_FILES.map((path) => [path as string, Buffer.from(path)]));
const pin = {
  commit: null,
  recorded: '2026-01-01',
  files: Object.fromEntries(SCRIPT_FILES.map((path) => [path, sha256(path)])),
};

describe('a pin of the community script', () => {
  it('knows each file that is not the recorded one, and each that is missing', () => {
    expect(mismatches(pin, files)).toEqual([]);
    const changed = new Map([...files, ['misc/api.func', Buffer.from('curl evil')]]);
    changed.delete('vm/headers/docker');
    expect(mismatches(pin, changed)).toEqual(['misc/api.func', 'vm/headers/docker']);
  });

  it('is read from the file beside zebu.yml, completely or not at all', () => {
    expect(parsePin(JSON.stringify(pin))).toEqual(pin);
    expect(parsePin(JSON.stringify(BUILT_IN_PIN)).commit).toMatch(/^[0-9a-f]{40}$/);
    const { 'misc/api.func': _, ...fewer } = pin.files;
    expect(() => parsePin(JSON.stringify({ ...pin, files: fewer }))).toThrow(
      /zebu\.script\.json: files\.misc\/api\.func/,
    );
    expect(() => parsePin('{')).toThrow('zebu.script.json: is not JSON');
  });
});

describe('where the script takes its parts from', () => {
  const main = 'https://git.community-scripts.org/community-scripts/ProxmoxVE/raw/branch/main';

  it('becomes the folder of checked copies, and nothing else changes', () => {
    const sourced = `source <(curl -fsSL ${main}/misc/api.func) 2>/dev/null\n: "\${URL:-${main}}"\nurl="${main}/\${app_type}/headers/x"\n`;
    const text = `<img src='${main}/misc/images/logo.png'>\ncurl -f -o x https://cloud.debian.org/x\n`;
    expect(rewriteSources('vm/docker-vm.sh', sourced + text, '/job/upstream')).toBe(
      sourced.replaceAll(main, 'file:///job/upstream') + text,
    );
  });

  it('is refused when it is a file that is not pinned', () => {
    expect(() => rewriteSources('vm/docker-vm.sh', `source <(curl -fsSL ${main}/misc/new.func)\n`, '/job')).toThrow(
      `takes ${main}/misc/new.func from the network, which is not pinned`,
    );
    expect(() =>
      rewriteSources('vm/docker-vm.sh', 'source <(curl -fsSL $COMMUNITY_SCRIPTS_URL/misc/tools.func)', '/job'),
    ).toThrow('takes misc/tools.func');
    expect(() =>
      rewriteSources('vm/docker-vm.sh', 'curl -fsSL https://raw.githubusercontent.com/other/place/x.sh | bash', '/job'),
    ).toThrow('https://raw.githubusercontent.com/other/place/x.sh');
  });
});
