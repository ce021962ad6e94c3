import { describe, expect, it } from 'vitest';
import { inServiceArgs } from '../../../src/lib/command/in-service.js';
import { findDrift, parseRecorded } from '../../../src/lib/app-folder/drift.js';
import { chooseContainer, parseCandidates } from '../../../src/lib/app/run-in-service.js';
import { publishedUrls } from '../../../src/lib/app-folder/urls.js';
import { statusLines } from '../../../src/lib/app/status-text.js';
import { parseStatus } from '../../../src/lib/app-folder/services.js';
import { parseMachine, parseUsage } from '../../../src/lib/app-folder/usage.js';
import type { ServiceState } from '../../../src/lib/app-folder/results.js';

const service = (name: string, more: Partial<ServiceState> = {}): ServiceState => ({
  service: name,
  container: `shop-${name}-1`,
  state: 'running',
  health: 'none',
  lasting: true,
  exitCode: 0,
  restarts: 0,
  outOfMemory: false,
  startedAt: '2026-11-24T05:00:00Z',
  image: `zebu/shop-${name}:1`,
  imageId: 'sha256:1',
  configHash: 'h1',
  usage: null,
  ports: [],
  verdict: 'good',
  ...more,
});

describe('the container a command runs in', () => {
  const candidates = parseCandidates(
    ['a|shop-web-3|web|3|running', 'b|shop-web-10|web|10|running', 'c|shop-db-1|db|1|exited', ''].join('\n'),
  );

  it('is the newest that runs, or the one asked for', () => {
    expect(chooseContainer(candidates, 'web', undefined).id).toBe('b');
    expect(chooseContainer(candidates, 'web', 3).id).toBe('a');
  });

  it('is missed by name, number or state, each with what to do', () => {
    expect(() => chooseContainer(candidates, 'wbe', undefined)).toThrow(
      expect.objectContaining({ code: 'SERVICE_UNKNOWN', hint: 'Did you mean web?' }),
    );
    expect(() => chooseContainer(candidates, 'web', 7)).toThrow(
      expect.objectContaining({ code: 'SERVICE_NOT_RUNNING', hint: 'Running: 10, 3.' }),
    );
    expect(() => chooseContainer(candidates, 'db', undefined)).toThrow(/db is not running \(exited\)/);
  });

  it('needs a service, and does not take a flag for one', async () => {
    expect(await inServiceArgs('app:exec', ['web', 'ls', '-l'])).toEqual({ service: 'web', command: ['ls', '-l'] });
    await expect(inServiceArgs('app:exec', [])).rejects.toMatchObject({ code: 'USAGE' });
    await expect(inServiceArgs('app:exec', ['--indx', 'web'])).rejects.toThrow(/Nonexistent flag: --indx/);
  });
});

describe('drift', () => {
  const recorded = ['web|h1|sha256:1|1', 'db|h1|sha256:1|1', 'migrate|h1|sha256:1|0'].flatMap(
    (line) => parseRecorded(line) ?? [],
  );

  it('is nothing where everything is as it was verified, whatever became of the one-shots', () => {
    expect(findDrift(recorded, [service('web'), service('db')])).toEqual([]);
  });

  it('names what is missing, extra, several, configured otherwise or of another image', () => {
    const now = [
      service('web', { configHash: 'h2' }),
      service('web', { configHash: 'h1' }),
      service('migrate', { imageId: 'sha256:2' }),
      service('debug'),
    ];
    expect(findDrift(recorded, now)).toEqual([
      'db has no container',
      'debug is not part of the release',
      "migrate runs another image than the release's",
      'web has 2 containers instead of 1',
      "web runs with another configuration than the release's",
    ]);
  });
});

describe('addresses', () => {
  it('are of ports a browser may reach and would speak to, best first', () => {
    const ports = [
      ...['0.0.0.0:5432->5432/tcp', '127.0.0.1:9000->9000/tcp'],
      ...['0.0.0.0:3000->3000/tcp', '[::]:3000->3000/tcp', '0.0.0.0:80->8080/tcp'],
      ...['0.0.0.0:8443->443/tcp', '0.0.0.0:443->443/udp', '8080/tcp', '', '0.0.0.0:9000-9001->9000-9001/tcp'],
    ];
    expect(publishedUrls(ports, '192.0.2.7')).toEqual([
      'http://192.0.2.7/',
      'https://192.0.2.7:8443/',
      'http://192.0.2.7:3000/',
      'http://192.0.2.7:9000/',
      'http://192.0.2.7:9001/',
    ]);
  });
});

describe('what the VM says', () => {
  it('gives each container its usage, and the machine its own', () => {
    const line = (name: string): string =>
      `container={"service":"web","oneoff":"False","name":"/${name}","state":"running","health":null,"exit":0,"oom":false,"restarts":0,"started":"x","image":"i","imageId":"sha256:1","hash":"h","check":false,"policy":"","ports":{},"bindings":{},"pid":7}`;
    const survey = parseStatus(
      [
        line('shop-web-10'),
        line('shop-web-9'),
        'usage=shop-web-9 12.5 4096',
        'container={"service":"we',
        'recorded=',
      ].join('\n'),
    );
    expect(survey.services.map(({ container, usage }) => [container, usage])).toEqual([
      ['shop-web-9', { cpu: 12.5, memory: 4096 }],
      ['shop-web-10', null],
    ]);
    expect(survey.recorded).toEqual([]);
    expect(parseStatus('current=releases/x\n').recorded).toBeNull();
  });

  it('tells a service that was stopped on purpose from one that stopped', () => {
    const line = (name: string, state: string): string =>
      `container={"service":"${name}","oneoff":"False","name":"/shop-${name}-1","state":"${state}","health":null,"exit":137,"oom":false,"restarts":0,"started":"x","image":"i","imageId":"sha256:1","hash":"h","check":false,"policy":"always","ports":{},"bindings":{},"pid":7}`;
    const verdicts = (...more: readonly string[]): readonly string[] =>
      parseStatus([line('web', 'running'), line('worker', 'exited'), ...more].join('\n')).services.map(
        ({ verdict }) => verdict,
      );
    expect(verdicts()).toEqual(['good', 'bad']);
    // One of them was started again since, by hand.
    expect(verdicts('stopped=worker', 'stopped=web')).toEqual(['good', 'stopped']);
  });

  it('tells which services have no container, but for what was stopped and for what has done its work', () => {
    const web =
      'container={"service":"web","oneoff":"False","name":"/shop-web-1","state":"running","health":null,"exit":0,"oom":false,"restarts":0,"started":"x","image":"i","imageId":"sha256:1","hash":"h","check":false,"policy":"always","ports":{},"bindings":{},"pid":7}';
    const recorded = [
      'web|h|sha256:1|1|',
      'db|h|sha256:1|1|',
      'db|h|sha256:1|1|',
      'job|h|sha256:1|0|',
      'cache|h|sha256:1|1|',
    ];
    const missing = (...more: readonly string[]): readonly string[] =>
      parseStatus([web, ...recorded.map((line) => `recorded=${line}`), ...more].join('\n')).missing;
    expect(missing()).toEqual(['cache', 'db']);
    expect(missing('stopped=cache', 'stopped=db|2026-11-24T05:30:12Z')).toEqual([]);
    // What may end may be gone by now.
    expect(missing('intent=cache plain', 'intent=db stays', 'intent=web serves')).toEqual(['db']);
    expect(parseStatus(web).missing).toEqual([]);
  });

  it('is shown with what is live, since when and where it answers', () => {
    const status = {
      ...{ app: 'shop', healthy: true, release: '20261124T053000Z-1a2b3c4', broken: null, host: '192.0.2.7' },
      ...{
        deploying: null,
        interrupted: null,
        probation: null,
        drift: [],
        machine: null,
        watch: null,
        proofs: null,
        dumpProofs: null,
        data: null,
        url: 'http://192.0.2.7/',
      },
      ...{
        live: {
          ...{ ref: 'v1.2', commit: '1a2b3c4d', subject: 'Fix the cart', by: 'ann' },
          since: '2026-11-24T05:30:12.000Z',
        },
        last: null,
      },
    };
    const web = service('web', { image: 'zebu/shop-web:2cf5a3cc46f3c', ports: ['0.0.0.0:8080->8080/tcp'] });
    for (const width of [60, 80, 120])
      expect(
        Math.max(
          ...statusLines({ ...status, services: [web] }, width)
            .slice(2)
            .map(({ length }) => length),
        ),
        `${width}`,
      ).toBeLessThanOrEqual(width);
    expect(statusLines({ ...status, services: [web] }, 60)[2]).toBe(
      'SERVICE  STATE    HEALTH  RESTARTS  CPU  MEMORY  PORTS',
    );
    const head = (services: readonly ServiceState[], healthy = true): readonly string[] =>
      statusLines({ ...status, healthy, services: [...services] }).slice(0, 2);
    expect(head([service('web')])).toEqual([
      'shop: healthy, http://192.0.2.7/',
      'live: v1.2 (1a2b3c4 Fix the cart) since 2026-11-24 05:30 UTC by ann, release 20261124T053000Z-1a2b3c4',
    ]);
    const stopped = service('worker', { state: 'exited', verdict: 'stopped' });
    expect(head([service('web'), stopped])[0]).toBe(
      'shop: healthy, but for what was stopped: worker, http://192.0.2.7/',
    );
    expect(head([stopped])[0]).toBe('shop: stopped (start it: zebu app:start), http://192.0.2.7/');
    expect(head([service('web', { state: 'exited', verdict: 'bad' })], false)[0]).toContain('shop: NOT HEALTHY');
  });

  it('reads sizes in KiB, and nothing from a line that is cut off', () => {
    expect(parseMachine('2 0.50 1000 400 5000 2000 3000')).toEqual({
      cores: 2,
      load: 0.5,
      memory: { total: 1_024_000, available: 409_600 },
      disk: { total: 5_120_000, used: 2_048_000, available: 3_072_000 },
    });
    expect(parseMachine('2 0.50 1000')).toBeUndefined();
    expect(parseUsage('web x y')).toBeUndefined();
  });
});
