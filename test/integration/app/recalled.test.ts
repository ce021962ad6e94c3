import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBaseImage } from '../../support/base-image.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { theLab } from '../../support/lab.js';
import { makeProject, type Project } from '../../support/project.js';

const DOCKERFILE = 'FROM base:1\nARG WORD=none\nCOPY . /srv/\nCMD ["sleep", "100000000"]\n';
const SECRET = 'tok-5f1c0a9d7e';

/** What follows from what Compose has said: `facts` has the digest of its words, but for the release's folder. */
const FOLLOWS = ['facts', 'built', 'pulled', 'intents', 'standing', 'keyed', 'expected', 'told'];

const HOOK = '.zebu/hooks/pre-build';

type Files = Readonly<Record<string, string>>;

/** Apps whose reading can be taken, by what Compose makes much of. */
const APPS: Readonly<Record<string, Files>> = {
  'of one service': {
    'deploy/compose.yml': 'services:\n  api: { build: ../api, init: true, stop_grace_period: 0s }\n',
    'deploy/more.yml': 'services: {}\n',
    'api/Dockerfile': DOCKERFILE,
  },
  'of several services, with settings, a secret, and what zebu looks at': {
    'deploy/compose.yml': `name: other
x-all: &all { init: true, stop_grace_period: 0s, logging: { driver: json-file, options: { max-size: 1m } } }
services:
  api:
    <<: *all
    build: { context: ../api, dockerfile: other.dockerfile, args: { WORD: "\${WORD:-x}" }, labels: { of: "\${TOKEN}" } }
    environment: { TOKEN: "\${TOKEN}", LEVEL: "\${LEVEL:?}" }
    networks: [default, back]
    depends_on: { store: { condition: service_started } }
    healthcheck: { test: [CMD, "true"], interval: 1s, start_interval: 200ms, start_period: 5s }
  store: { <<: *all, image: "base:1", command: [sleep, "100000000"], volumes: ["data:/data/"], restart: unless-stopped }
networks: { back: }
volumes: { data: }
`,
    'deploy/more.yml': 'services:\n  api:\n    labels: { ref: "$$literal" }\n    deploy: { replicas: 2 }\n',
    'api/other.dockerfile': DOCKERFILE,
  },
  'with a hook before the build, which leaves files there': {
    [HOOK]: '#!/bin/sh\ndate +%s%N >api/made && echo changed >>api/index.html\n',
  },
};

// Both ways are compared, with Compose itself in the guest: what is taken has to be what it would have said, byte for byte.
describe('what Compose has read', { timeout: 300_000 }, () => {
  let project: Project;
  let guest: Shell;
  let number = 0;
  const of = (file: string): string => `/opt/zebu/recalled/current/${file}`;

  /** What a deploy of another file has found, by name, and when Compose was asked for it. */
  async function deploy(files: Files = {}): Promise<{ readonly found: Files; readonly asked: string }> {
    const tag = `v${++number}`;
    for (const [file, text] of Object.entries({ ...files, 'api/index.html': `${tag}\n` }))
      project.write(file, text, file === HOOK ? 0o755 : 0o644);
    project.release(tag);
    await project.json(['app:deploy', '--tag', tag]);
    return {
      found: Object.fromEntries(FOLLOWS.map((file) => [file, guest.run(`cat ${of(file)}`)])),
      asked: guest.run(`stat -c %y ${of('facts')}`),
    };
  }
  /** With nothing to go by. */
  const deployAnew = (): ReturnType<typeof deploy> => {
    guest.run(`rm ${of('whole')}`);
    return deploy();
  };

  beforeAll(async () => {
    project = makeProject({
      lab: theLab(),
      app: 'recalled',
      files: { '.gitignore': '.env\n', ...APPS['of one service'] },
      config: {
        app: { compose: ['deploy/compose.yml', 'deploy/more.yml'] },
        secrets: { TOKEN: {} },
        deploy: { stability: 0 },
      },
    });
    project.write('.env', `TOKEN=${SECRET}\nLEVEL=debug\nWORD=said\n`, 0o600);
    const { ip } = await project.json<{ ip: string }>(['vm:create']);
    guest = guestShell(ip, project.key);
    makeBaseImage(guest);
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it.each(Object.entries(APPS))('for an app %s is what it would say now', async (_, files) => {
    const first = await deploy(files);
    const taken = await deploy();
    const again = await deploy();
    expect([taken.asked, again.asked]).toEqual([first.asked, first.asked]);
    const anew = await deployAnew();
    expect(anew.asked).not.toBe(first.asked);
    for (const each of [first, taken, again]) expect(each.found).toEqual(anew.found);
    // A digest of what builds are told, and not that.
    expect(guest.run(`stat -c %a ${of('keyed')}`)).toBe('600');
    expect(guest.run(`cat ${of('keyed')} ${of('whole')}`)).not.toContain(SECRET);
  });

  it('is asked for where a Compose file is another one, a setting, or a secret', async () => {
    const before = await deploy();
    const commented = await deploy({ 'deploy/more.yml': `# the same\n${APPS['of one service']?.['deploy/more.yml']}` });
    expect(commented.asked).not.toBe(before.asked);
    project.write('.env', `TOKEN=${SECRET}\nLEVEL=loud\nWORD=said\n`, 0o600);
    const set = await deploy();
    expect(set.asked).not.toBe(commented.asked);
    project.write('.env', `TOKEN=${SECRET}0\nLEVEL=loud\nWORD=said\n`, 0o600);
    const rotated = await deploy();
    expect(rotated.asked).not.toBe(set.asked);
    expect((await deploy()).asked).toBe(rotated.asked);
  });
});
