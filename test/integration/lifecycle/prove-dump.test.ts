/** data:prove: a dump is restored in a clone of the VM; production serves on, and nothing is left. Killed, and unheard: test/long/data. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { DumpProven } from '../../../src/lib/data/results.js';
import type { Shell } from '../../support/guest-shell.js';
import type { Project } from '../../support/project.js';
import { BASE, ProvedDumps } from '../../support/proved-dumps.js';
import { refusal } from '../../support/refusal.js';

describe('data:prove', { timeout: 300_000 }, () => {
  const lab = theLab();
  let shop: ProvedDumps;
  let project: Project;
  let guest: Shell;

  const inStore = (line: string): string => shop.inStore(line);
  const dump = (): Promise<string> => shop.dump();
  const production = (): string => shop.production();
  const vms = (): Promise<number> => shop.vms();
  const unproven = async (id: string, ...more: readonly string[]) => {
    const before = production();
    const error = await refusal(project, ['data:prove', id, ...more]);
    expect(await vms()).toBe(1);
    expect(production()).toBe(before);
    return error;
  };

  beforeAll(async () => {
    shop = await ProvedDumps.make(lab);
    ({ project, guest } = shop);
  }, 600_000);
  afterAll(() => shop.remove());

  it('is refused where there is no dump, and --offsite where there are no copies', async () => {
    expect(await refusal(project, ['data:prove'])).toMatchObject({ code: 'DUMP_MISSING', exit: 6 });
    expect(await refusal(project, ['data:prove', '20200101T000000Z'])).toMatchObject({ code: 'DUMP_MISSING' });
    expect(await refusal(project, ['data:prove', '--offsite'])).toMatchObject({ code: 'USAGE' });
    expect(await vms()).toBe(1);
  });

  it('proves one that comes back, and says so wherever it is asked', async () => {
    const id = await dump();
    inStore('echo 10001 >/data/rows');
    const before = production();
    const proof = await project.json<DumpProven>(['data:prove']);
    expect(proof).toMatchObject({
      dump: id,
      proven: true,
      why: '',
      offsite: false,
      recorded: true,
      checks: [{ name: 'rows', copy: '10000', production: '10001', why: '' }],
    });
    expect(proof.steps.restore).toBeGreaterThan(0);
    expect(await vms()).toBe(1);
    expect(production()).toBe(before);
    expect((await project.zebu(['app:status'])).stdout).toMatch(
      new RegExp(`^last proven dump: .* ago \\(${id}\\)$`, 'm'),
    );
    const { checks } = await project.json<{ checks: { id: string; detail: string }[] }>(['doctor']);
    expect(checks.find((each) => each.id === 'proof')?.detail).toMatch(
      /^backups: no backup was proven yet; dumps: proven .* ago, of the dump /,
    );
  });

  it('does not prove one that is damaged, that is refused, or whose data says otherwise', async () => {
    inStore('echo broken >/data/rows');
    const broken = await dump();
    inStore('echo 10002 >/data/rows');
    expect(await unproven(broken)).toMatchObject({
      code: 'DUMP_UNPROVEN',
      exit: 8,
      message: expect.stringContaining(
        `The dump ${broken} is not proven: the dump could not be restored: rows`,
      ) as string,
      details: { proven: false, recorded: true },
    });
    const other = await dump();
    inStore('echo 10003 >/data/rows');
    expect(await unproven(other, '--env', 'same')).toMatchObject({
      code: 'DUMP_UNPROVEN',
      message: expect.stringContaining('data.check.rows: it says 10002, production says 10003') as string,
    });
    guest.run(`printf x | dd of=${BASE}/data/dumps/${other}/rows.dump.gz bs=1 seek=4 conv=notrunc 2>/dev/null`);
    expect(await unproven(other)).toMatchObject({
      code: 'DUMP_UNPROVEN',
      message: expect.stringContaining('the dump of rows is damaged') as string,
    });
    expect((await project.zebu(['app:status'])).stdout).toMatch(/^NOT PROVEN .*: the dump .* is damaged/m);
  });

  it('is refused in one line where the host has no room, or the VM does not run', async () => {
    const id = await dump();
    expect(await unproven(id, '--memory', '90000000')).toMatchObject({
      code: 'NO_SPACE',
      message: expect.stringContaining('of memory left; the copy wants 90000000') as string,
    });
    expect(await unproven(id, '--storage', 'nowhere')).toMatchObject({ code: 'CONFIG_INVALID' });
    await project.json(['vm:stop']);
    expect(await refusal(project, ['data:prove', id])).toMatchObject({ code: 'VM_NOT_RUNNING' });
    await project.json(['vm:start']);
  });
});
