import { spawnSync } from 'node:child_process';
import { parseDotenv } from '@zebu/kit';
import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/lib/config/schema.js';
import { planFile } from '../../../src/lib/deploy/plan.js';
import { makeReleaseId } from '../../../src/lib/app-folder/release-id.js';

const commit = 'a'.repeat(40);

function plan(
  deploy: Record<string, unknown>,
  { watched = true, settings }: { watched?: boolean; settings?: ReadonlyMap<string, string> } = {},
): string {
  const config = configSchema.parse({ app: { name: 'shop' }, deploy });
  return planFile(
    {
      id: makeReleaseId(new Date(0), commit),
      target: { commit, ref: "v1'; touch /tmp/x", kind: 'tag', subject: 'a "subject"' },
      sent: commit,
      author: { who: 'o’hara', from: '$(reboot)' },
      prefix: '',
      watched,
      attended: true,
      rebuild: false,
      settings,
      registries: [],
      front: {},
    },
    config,
  );
}

/** What a shell makes of the plan. */
function sourced(text: string, then: string): string {
  const shell = `probe_http() { printf '%s|' http "$@"; }; probe_tcp() { printf '%s|' tcp "$@"; }; probe_command() { printf '%s|' command "$@"; }; compose() { printf '%s|' "$@"; }\n${text}\n${then}`;
  return spawnSync('sh', ['-c', shell], { encoding: 'utf8' }).stdout;
}

describe('what the runner is told', () => {
  it('is data, whatever a ref or a name holds', () => {
    expect(JSON.parse(`{${sourced(plan({}), 'printf %s "$record"')}}`)).toMatchObject({
      ref: "v1'; touch /tmp/x",
      from: '$(reboot)',
      subject: 'a "subject"',
    });
  });

  it('names the release for Compose files, in lines that Compose reads', () => {
    const text = sourced(plan({}), 'printf %s "$release_env"');
    expect(parseDotenv(text)).toEqual(
      new Map([
        ['ZEBU_REF', "v1'; touch /tmp/x"],
        ['ZEBU_COMMIT', commit],
        ['ZEBU_RELEASE', makeReleaseId(new Date(0), commit)],
      ]),
    );
  });

  it('calls each probe of the VM with its own words, and leaves those of the client out', () => {
    const text = plan({
      probes: [
        { http: 'http://127.0.0.1:8080/$(id)', status: [200, 204], body: "it's up" },
        { tcp: '[::1]:5432', timeout: 5 },
        { command: ['sh', '-c', 'exit "$X"'], service: 'api' },
        { http: 'https://example.org/', from: 'client', timeout: 20 },
      ],
    });
    expect(sourced(text, 'echo "$probes $client_wait"')).toBe('3 50\n');
    expect(sourced(text, 'probe 1')).toBe("http|http://127.0.0.1:8080/$(id)|200,204|it's up|0|");
    expect(sourced(text, 'probe 2')).toBe('tcp|::1|5432|');
    expect(sourced(text, 'probe 3')).toBe('command|api|sh|-c|exit "$X"|');
    expect(sourced(text, 'probe_about 2; echo "$probe_name $probe_timeout $probe_interval"')).toBe(
      'tcp [::1]:5432 5 1\n',
    );
  });

  it('does not wait for a client that does not watch', () => {
    const probes = [{ tcp: 'example.org:443', from: 'client' }];
    const wait = (watched: boolean): number =>
      Number(sourced(`client_wait=0\n${plan({ probes }, { watched })}`, 'echo $client_wait'));
    expect(wait(false)).toBe(0);
    expect(wait(true)).toBeGreaterThan(0);
  });

  it('runs the release command as one-off under a name of its own', () => {
    const text = plan({ release_command: { service: 'api', command: ['./migrate', '--to', 'a b'] } });
    expect(sourced(text, 'project=shop; release_command')).toBe(
      'run|--rm|-T|--name|zebu-release-shop|api|./migrate|--to|a b|',
    );
  });
});
