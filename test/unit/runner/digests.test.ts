import { describe, expect, it } from 'vitest';
import { runnerApp, says } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const CONFIG = {
  services: {
    web: {
      configs: [{ source: 'page', target: '/p' }],
      secrets: [{ source: 'key', target: 'k' }],
      networks: { own: null },
    },
    webf: { configs: [{ source: 'middle', target: '/t' }] },
    plain: { image: 'x' },
  },
  configs: { page: { name: 'a', file: '/p' }, middle: { name: 'b', content: 'say "hi"\t' } },
  secrets: { key: { name: 'c', environment: 'API_KEY' } },
  networks: { own: { name: 'shop_own', driver_opts: { mtu: '1400' } }, default: { name: 'shop_default', ipam: {} } },
};

// What makes a digest another one is in contents.test.ts.
describe.each(vmShells())('digests of what containers are given, in $name', { timeout: 60_000 }, (shell) => {
  const setup = (values: string): ReturnType<typeof runnerApp> => {
    const app = runnerApp(shell);
    app.docker({ 'compose config': says(...app.config(CONFIG).split('\n')) });
    app.plan('r2', { secrets: '1.env' });
    app.write('shared/secrets/1.env', values);
    app.write('shared/secrets/key', 'k');
    return app;
  };

  it('are a label of each service that is given something, and of each once, in whatever order a locale has', () => {
    const app = setup("API_KEY='v'\n");
    // As a locale sorts that looks at letters alone.
    const { lines } = app.run(`sort() { if [ "$LC_ALL" = C ]; then command sort "$@"; else command sort -k3 "$@"; fi; }
read_config; note_gives; write_digests; sed -n 's/^  "\\(.*\\)":$/\\1/p' "$release/digests.yml"`);
    expect(lines).toEqual(['web', 'webf']);
    expect(app.read('releases/r2/digests.yml')).toMatch(
      /^services:\n {2}"web":\n {4}labels: \{ dev\.zebu\.contents: "[0-9a-f]{16}" \}\n {2}"webf":\n/,
    );
  });

  it('change with the value of a secret that is given by name, and hold nothing of it', () => {
    const digest = (values: string): string => {
      const app = setup(values);
      app.run('read_config; note_gives; write_digests');
      return app.read('releases/r2/digests.yml');
    };
    const one = digest("API_KEY='hunter22222'\nOTHER='a'\n");
    expect(one).not.toContain('hunter');
    expect(digest("API_KEY='hunter22222'\nOTHER='b'\n")).toBe(one);
    expect(digest("API_KEY='hunter33333'\nOTHER='a'\n")).not.toBe(one);
  });

  it('are nothing, and are not asked for, where nothing is given', () => {
    const app = runnerApp(shell);
    app.write('releases/r2/digests.yml', 'services: {}\n');
    expect(app.run('write_digests').docker).toEqual([]);
    expect(app.has('releases/r2/digests.yml')).toBe(false);
  });

  it('fail when the files cannot be read', () => {
    const app = runnerApp(shell);
    app.write('releases/r2/gives', '');
    app.docker({ 'compose config': 'exit 1' });
    expect(app.run('write_digests; echo "$?"').lines).toEqual(['1']);
  });
});
