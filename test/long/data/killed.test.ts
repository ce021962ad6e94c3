/** A restore that is killed at each step: the old data serves or that of the dump, never neither. Wants a Debian mirror. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { ReleaseRecord } from '../../../src/lib/app-folder/history.js';
import type { Dumped } from '../../../src/lib/data/results.js';
import type { CliRun } from '../../support/cli.js';
import type { Shell } from '../../support/guest-shell.js';
import type { Project } from '../../support/project.js';
import { liveRows, type LiveRows } from '../../support/rows-app.js';

const APP = 'data-killed';
const BASE = `/opt/zebu/${APP}`;

const RUNNER_ONLY = 'kill -9 $(cat worker)';
const BOTH = 'kill -9 $(cat watcher) $(cat worker)';

describe('a restore', { timeout: 600_000 }, () => {
  let shop: LiveRows;
  let project: Project;
  let guest: Shell;
  let id: string;

  const psql = (sql: string): string =>
    guest.run(
      `docker exec -i $(docker ps -q -f label=com.docker.compose.project=${APP} -f label=com.docker.compose.service=web) psql -Atq <<'SQL'\n${sql}\nSQL`,
    );
  const content = (): string => psql(`select count(*), max(total) from orders`);
  const newest = (): ReleaseRecord => JSON.parse(guest.run(`tail -n 1 ${BASE}/releases.jsonl`)) as ReleaseRecord;
  const atRest = async (): Promise<void> => {
    expect(await project.json(['app:status'])).toMatchObject({ healthy: true, interrupted: null });
    const left = guest.run(
      `sudo find /var/lib/docker/volumes -maxdepth 2 -name '*.zebu-*'; cd ${BASE} && ls -d data/making data/fetching data/restore data/aside transaction 2>/dev/null; true`,
    );
    expect(left).toBe('');
  };
  /** Restores, and runs `kill` in the VM while it stands still at a step. */
  async function interrupted(at: string, kill: string): Promise<CliRun> {
    guest.run(`printf ${at} >${BASE}/pause-at`);
    const running = project.zebu(['data:restore', id, '--yes', '--no-dump', '--json']);
    await guest.later(
      `cd ${BASE} && n=0 && until journal=journals/$(ls -t journals | head -n 1) && grep -q pause-at "$journal" && ! grep -q '"end":' "$journal"; do n=$((n+1)); [ $n -lt 600 ] || exit 1; sleep 0.2; done; ${kill}; rm -f pause-at`,
    );
    return running;
  }

  beforeAll(async () => {
    shop = await liveRows(theLab(), APP);
    ({ project, guest } = shop);
    id = (await project.json<Dumped>(['data:dump'])).dump?.id ?? '';
    // What the release command leaves alone, so that old and new are told apart.
    psql('update orders set total = 77777 where id = 1');
  });
  afterAll(async () => {
    await shop.remove();
  });

  const OLD = '10000|77777.00';
  const NEW = '10000|15000.00';

  it.each(['check', 'set-aside', 'restore-data', 'release-command', 'start-up', 'verify', 'in-force'])(
    'that is killed at %s leaves the old data',
    async (at) => {
      const run = await interrupted(at, RUNNER_ONLY);
      expect(run.code, run.stdout + run.stderr).toBe(at === 'check' ? 6 : 7);
      expect(content()).toBe(OLD);
      expect(newest()).toMatchObject({ mode: 'data', verdict: at === 'check' ? 'refused' : 'restored' });
      await atRest();
    },
  );

  it.each(['restore-data', 'verify'])('that is killed with its watcher at %s is undone by app:recover', async (at) => {
    const run = await interrupted(at, BOTH);
    expect(run.code, run.stderr).toBe(9);
    await project.json(['app:recover']);
    expect(content()).toBe(OLD);
    await atRest();
  });

  it('whose recovery is killed, too, is undone by the next', async () => {
    await interrupted('restore-data', BOTH);
    guest.run(`printf start-up >${BASE}/pause-at`);
    const recovering = project.zebu(['app:recover', '--json']);
    await guest.later(
      `cd ${BASE} && n=0 && until grep -q '"step":"start-up","state":"wait","detail":".*pause-at' journals/$(ls -t journals | head -n 1); do n=$((n+1)); [ $n -lt 600 ] || exit 1; sleep 0.2; done; kill -9 $(cat watcher) $(cat worker); rm -f pause-at`,
    );
    await recovering;
    await vi.waitFor(async () => project.json(['app:recover']), { timeout: 120_000, interval: 1000 });
    expect(content()).toBe(OLD);
    await atRest();
  });

  it.each([1, 2, 3])('that is killed at any moment leaves one of the two, round %i', async () => {
    const running = project.zebu(['data:restore', id, '--yes', '--no-dump', '--json']);
    await new Promise((done) => setTimeout(done, 2000 + Math.random() * 10_000));
    guest.run(`cd ${BASE} && [ ! -f transaction ] || { ${RUNNER_ONLY}; } 2>/dev/null || true`);
    const run = await running;
    expect([0, 7], run.stdout + run.stderr).toContain(run.code);
    expect(content()).toBe(run.code === 0 ? NEW : OLD);
    if (run.code === 0) psql('update orders set total = 77777 where id = 1');
    await atRest();
  });

  it('that was verified is finished', async () => {
    const run = await interrupted('commit', RUNNER_ONLY);
    expect(run.code, run.stdout + run.stderr).toBe(0);
    expect(content()).toBe(NEW);
    await atRest();
  });

  it('of a dump that is damaged changes nothing, and says so', async () => {
    guest.run(`printf x | dd of=${BASE}/data/dumps/${id}/db.sql.gz bs=1 seek=1000 conv=notrunc 2>/dev/null`);
    const run = await project.zebu(['data:restore', id, '--yes']);
    expect(run.code).toBe(6);
    expect(run.stderr).toContain('is damaged: it has another checksum than it was made with');
    expect(content()).toBe(NEW);
    await atRest();
  });

  it('of a dump that the server does not take is undone, with its words', async () => {
    guest.run(
      `cd ${BASE}/data/dumps/${id} && printf '%s\\n' '\\set ON_ERROR_STOP 1' 'select * from there_is_none;' | gzip >db.sql.gz && sum=$(sha256sum <db.sql.gz) && sed -i "s/^\\(store=db|postgres|db|db.sql.gz|[0-9]*|\\)[0-9a-f]*/\\1\${sum%% *}/" manifest`,
    );
    const run = await project.zebu(['data:restore', id, '--yes']);
    expect(run.code, run.stderr).toBe(7);
    expect(run.stderr).toMatch(/was not restored: .*there_is_none.* The data before is back and serves/s);
    expect(content()).toBe(NEW);
    await atRest();
  });
});
