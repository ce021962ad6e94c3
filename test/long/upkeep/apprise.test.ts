/** Debian's apprise in a guest, sending a real mail. Wants a Debian mirror. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import type { VmDiff } from '../../../src/lib/vm/results.js';
import type { NotifyTest } from '../../../src/lib/upkeep/results.js';
import { leaks, watchProcesses } from '../../support/canary.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { MailServer } from '../../support/mail-server.js';
import { PackageMirror } from '../../support/package-mirror.js';
import type { Project } from '../../support/project.js';
import { tinyApp, version } from '../../support/tiny-app.js';

describe('who is told by apprise', () => {
  const values = {
    password: `word${randomBytes(12).toString('hex')}`,
    token: `token-${randomBytes(12).toString('hex')}`,
  };
  const processes = watchProcesses();
  let mail: MailServer;
  let mirror: PackageMirror;
  let project: Project;
  let guest: Shell;

  const until = async (found: () => boolean): Promise<void> => {
    for (let n = 0; n < 600 && !found(); n++) await new Promise((done) => setTimeout(done, 100));
    expect(found()).toBe(true);
  };
  const diff = (): Promise<VmDiff> => project.json<VmDiff>(['vm:diff']);

  beforeAll(async () => {
    const { gateway } = theLab().network;
    [mail, mirror] = await Promise.all([
      MailServer.make(gateway, 'zebu', values.password),
      PackageMirror.make(gateway),
    ]);
    project = tinyApp({
      lab: theLab(),
      app: 'apprise',
      config: { deploy: { stability: 1, timeout: 60 }, secrets: { TOKEN: {}, MAIL_URL: {} } },
    });
    const url = `mailto://zebu:${values.password}@${gateway}:${mail.port}?from=zebu@example.org&to=ann@example.org&mode=insecure`;
    project.write('.env', `TOKEN=${values.token}\nMAIL_URL="${url}"\n`, 0o600);
    await project.json(['vm:create']);
    const { ip } = await project.json<{ ip: string }>(['vm:status']);
    guest = guestShell(ip, `${project.folder}/../id_ed25519`);
    const config = parse(readFileSync(join(project.folder, 'zebu.yml'), 'utf8')) as Record<string, unknown>;
    const notify = [{ name: 'mail', apprise: 'MAIL_URL', events: ['deployed', 'restored'] }];
    project.write('zebu.yml', stringify({ ...config, notify }));
  });
  afterAll(async () => {
    processes.stop();
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
    mail.close();
    mirror.close();
  });

  it('is told nothing without the package, which holds up no deploy and is said', async () => {
    version(project, 'v1');
    const run = await project.zebu(['app:deploy', '--tag', 'v1']);
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/The VM lacks what zebu.yml asks for, apprise: .*; zebu vm:apply tries it again/);
    expect((await diff()).drift).toEqual([
      expect.objectContaining({ key: 'guest.packages', found: 'without apprise' }),
    ]);
  });

  it('is told once it is there', async () => {
    const { gateway } = theLab().network;
    guest.run(
      `echo 'Acquire::http::Proxy "http://${gateway}:${mirror.port}";' | sudo tee /etc/apt/apt.conf.d/99test >/dev/null`,
    );
    await project.json(['vm:apply']);
    expect((await diff()).drift).toEqual([]);
    expect(await project.json<NotifyTest>(['notify:test'])).toMatchObject({ receivers: [{ name: 'mail', ok: true }] });
    // What could not be told is told now.
    await until(() => mail.mails.some((each) => each.includes('is live')));
    const told = mail.mails.find((each) => each.includes('is live')) ?? '';
    expect(told).toMatch(/Subject: .*apprise: v1/);
    expect(leaks(mail.mails.join('\n'), values)).toEqual([]);
  });

  it('is told what failed, and a wrong password is said without it', async () => {
    project.write('.env', readFileSync(join(project.folder, '.env'), 'utf8').replace('://zebu:', '://zebu:x'), 0o600);
    await project.zebu(['secrets:sync', '--yes']);
    const { stdout, code } = await project.zebu(['notify:test', '--json']);
    expect(code).toBe(4);
    const [answer] = (JSON.parse(stdout) as { result: NotifyTest }).result.receivers;
    expect(answer?.reason).toMatch(/^apprise: /);
    expect(leaks(answer?.reason ?? '', values)).toEqual([]);
  });

  it('has its address in no list of processes, and nowhere else', () => {
    const seen = [...processes.seen].filter((line) => line.includes('apprise'));
    expect(seen.some((line) => line.includes('--config='))).toBe(true);
    expect(leaks(seen.join('\n'), values)).toEqual([]);
    const kept = guest.run(
      'cat /opt/zebu/apprise/notify/*/* /opt/zebu/apprise/notify/taken /opt/zebu/apprise/units/* 2>/dev/null; ls -a ~',
    );
    expect(leaks(kept, values)).toEqual([]);
    expect(kept).not.toMatch(/\.local|\.cache/);
    expect(guest.run('ls -a /dev/shm')).not.toContain('notify');
  });
});
