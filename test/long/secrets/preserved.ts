import { randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { theLab } from '../../support/lab.js';
import { dotenvLine } from '../../../plugins/kit/src/dotenv/write.js';
import { guestShell, type Shell } from '../../support/guest-shell.js';
import { makeProject, type Project } from '../../support/project.js';
import { APP_FILES, DECLARED } from '../../integration/secrets/app.js';

/** Redeploys, a reboot, a rollback and a deploy that fails, and after each the bytes of every secret. */
export function secretsArePreserved(redeploys: number, timeout: number): void {
  describe('every secret in the VM is the same bytes', { timeout }, () => {
    let project: Project;
    let guest: Shell;
    let first: readonly string[];
    const releases: string[] = [];
    const given = {
      API_TOKEN: `tok-${randomBytes(12).toString('base64url')}`,
      CERTIFICATE: `one\r\ntwo ${randomBytes(30).toString('base64')}\n`,
      ODD: ` $HOME "double" 'single' \\back\\ #hash é😀\ttab`,
      PEPPER: 'pep-1-of-the-test',
    };

    /** The files of values in the VM, and what the containers have. */
    const bytes = (): readonly string[] => [
      guest.run('cd /opt/zebu/preserved/shared/secrets && sha256sum *.env'),
      guest.run(
        `docker exec preserved-api-1 sh -c 'printf "%s|" "$API_TOKEN" "$CERTIFICATE" "$ODD"' | sha256sum; docker exec preserved-db-1 sh -c 'printf %s "$DB_PASSWORD"; cat /data/password' | sha256sum`,
      ),
    ];
    const deploy = async (tag: string): Promise<void> => {
      releases.push((await project.json<{ release: string }>(['app:deploy', '--tag', tag])).release);
    };
    const withFile = (there: boolean): void => {
      const lines = Object.entries(given).map(([name, value]) => `${dotenvLine(name, value)}\n`);
      project.write('.env', there ? lines.join('') : '', 0o600);
    };

    beforeAll(async () => {
      project = makeProject({
        lab: theLab(),
        app: 'preserved',
        files: APP_FILES,
        config: { deploy: { stability: 1, timeout: 30, keep: 3 }, secrets: DECLARED },
      });
      chmodSync(`${project.folder}/.zebu/hooks/pre-build`, 0o755);
      withFile(true);
      project.release('v1');
      const { ip } = await project.json<{ ip: string }>(['vm:create']);
      guest = guestShell(ip, project.key);
      await deploy('v1');
      first = bytes();
      expect(first[0]).toMatch(/^[0-9a-f]{64} {2}1\.env$/);
    });
    afterAll(async () => {
      await project.zebu(['vm:destroy', '--yes']);
      project.remove();
    });

    it(`after ${redeploys} redeploys, with the sources and without`, async () => {
      for (let n = 1; n <= redeploys; n++) {
        withFile(n % 2 === 1);
        // Every third one of another commit.
        if (n % 3 === 0) project.release(`v1-${n}`);
        await deploy(n < 3 ? 'v1' : `v1-${n - (n % 3)}`);
      }
      expect(new Set(releases).size).toBe(redeploys + 1);
      expect(bytes()).toEqual(first);
    });

    it('after a reboot', async () => {
      await project.json(['vm:restart']);
      await vi.waitFor(
        async () => expect(await project.json<object>(['app:status'])).toMatchObject({ healthy: true }),
        { timeout: 90_000, interval: 1000 },
      );
      expect(bytes()).toEqual(first);
    });

    it('after a rollback', async () => {
      await project.json(['app:rollback', releases.at(-3) ?? '']);
      expect(bytes()).toEqual(first);
    });

    it('after a deploy that failed', async () => {
      project.write('serve.sh', 'echo broken; exit 1\n');
      project.release('broken');
      const run = await project.zebu(['app:deploy', '--tag', 'broken']);
      expect(run.code, run.stderr).toBe(7);
      expect(bytes()).toEqual(first);
    });
  });
}
