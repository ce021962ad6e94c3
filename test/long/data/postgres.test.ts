/** PostgreSQL of Debian in a guest: dumped, migrated into a failure, restored. Wants a Debian mirror. */
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { ReleaseRecord } from '../../../src/lib/app-folder/history.js';
import type { DataList, DataRestored, Dumped } from '../../../src/lib/data/results.js';
import { watchProcesses } from '../../support/canary.js';
import type { Shell } from '../../support/guest-shell.js';
import type { Project } from '../../support/project.js';
import { liveRows, ROWS, type LiveRows } from '../../support/rows-app.js';

const APP = 'data-rows';
const BASE = `/opt/zebu/${APP}`;

describe('rows in PostgreSQL', { timeout: 600_000 }, () => {
  const processes = watchProcesses();
  let shop: LiveRows;
  let project: Project;
  let guest: Shell;

  const psql = (sql: string): string =>
    guest.run(
      `docker exec -i $(docker ps -q -f label=com.docker.compose.project=${APP} -f label=com.docker.compose.service=web) psql -Atq <<'SQL'\n${sql}\nSQL`,
    );
  /** All rows, and all that the schema says. */
  const data = (): string =>
    psql(`select count(*), md5(string_agg(o::text, '|' order by id)) from orders o;
select column_name, data_type, column_default, is_nullable from information_schema.columns where table_name = 'orders' order by 1;
select indexdef from pg_indexes where tablename = 'orders' order by 1;
select grantee, privilege_type from information_schema.role_table_grants where table_name = 'orders' order by 1, 2;
select rolname, rolcanlogin from pg_roles where rolname in ('shop', 'reader') order by 1;`);
  const set = (change: (config: Record<string, Record<string, unknown>>) => void): void => {
    const config = parse(project.read('zebu.yml')) as Record<string, Record<string, unknown>>;
    change(config);
    project.write('zebu.yml', stringify(config));
  };
  const nothingLeft = (): void => {
    const left = guest.run(
      `sudo find /var/lib/docker/volumes ${BASE}/shared -maxdepth 2 -name '*.zebu-*'; cd ${BASE}/data && ls -d making fetching restore aside 2>/dev/null; ls ${BASE}/transaction 2>/dev/null; true`,
    );
    expect(left).toBe('');
  };
  const newest = (): ReleaseRecord => JSON.parse(guest.run(`tail -n 1 ${BASE}/releases.jsonl`)) as ReleaseRecord;

  beforeAll(async () => {
    shop = await liveRows(theLab(), APP);
    ({ project, guest } = shop);
  });
  afterAll(async () => {
    processes.stop();
    await shop.remove();
  });

  it('are found by themselves, and dumped with the password of the container, which nobody sees', async () => {
    expect(data()).toContain(`${ROWS}|`);
    const list = await project.json<DataList>(['data:list']);
    expect(list).toMatchObject({
      stores: [{ name: 'db', kind: 'postgres', service: 'db', running: true }],
      dumps: [],
      offsite: null,
      ageSeconds: null,
    });
    const made = await project.json<Dumped>(['data:dump']);
    expect(made.dump).toMatchObject({ why: 'manual', ref: 'v1', stores: [{ name: 'db', kind: 'postgres' }] });
    expect(guest.run(`stat -c %a ${BASE}/data/dumps/*/* ${BASE}/data/dumps | sort -u`)).toBe('600\n700');
    expect(guest.run(`gzip -dc ${BASE}/data/dumps/*/db.sql.gz | tail -n 1`)).toBe('-- the end');
    const after = await project.json<DataList>(['data:list']);
    expect(after.dumps).toMatchObject([{ id: made.dump?.id, why: 'manual' }]);
    expect(processes.seen.size).toBeGreaterThan(0);
    expect([...processes.seen].filter((line) => line.includes(`it's "so"`))).toEqual([]);
    nothingLeft();
  });

  it('are brought back by one command after a migration that dropped a column and then failed', async () => {
    const before = data();
    set((config) => {
      config['deploy'] = { ...config['deploy'], dump: 'migrations' };
    });
    // Each statement for itself, as many tools do it.
    set((config) => {
      const command = [
        'sh',
        '-c',
        'psql -q -c "alter table orders drop column note" && psql -q -v ON_ERROR_STOP=1 -c "select 1 from there_is_none"',
      ];
      config['deploy'] = { ...config['deploy'], release_command: { service: 'web', command } };
    });
    project.release('v2');
    const failed = await project.zebu(['app:deploy', '--tag', 'v2']);
    expect(failed.code, failed.stderr).toBe(7);
    const [, id] = /Data was not rolled back: .* zebu data:restore (\d{8}T\d{6}Z)/.exec(failed.stderr) ?? [];
    expect(id, failed.stderr).toBeDefined();
    expect(data()).not.toBe(before);
    // In v1, which is live again.
    const restored = await project.json<DataRestored>(['data:restore', id ?? '', '--yes']);
    expect(restored).toMatchObject({ verdict: 'live', dump: id, stores: ['db'], fetched: false });
    expect(data()).toBe(before);
    expect(newest()).toMatchObject({ mode: 'data', verdict: 'live' });
    expect(await project.json(['app:status'])).toMatchObject({ healthy: true, interrupted: null });
    nothingLeft();
  });
});
