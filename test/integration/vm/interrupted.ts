/** Ctrl-C while a VM is made: the exit status tells whether anything was changed, and the next run goes on from there. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { fault } from '../../support/lab-control.js';
import { makeProject, type Project, type TransportId } from '../../support/project.js';

export const describeInterrupted = (transport: TransportId): void =>
  void describe(`Ctrl-C in vm:create over ${transport}`, () => {
    const lab = theLab();
    let project: Project;

    beforeEach(() => {
      project = makeProject({ lab, app: `stopped-${transport}`, transport });
    });
    afterEach(async () => {
      await project.zebu(['vm:destroy', '--yes']);
      project.remove();
    });

    /** Interrupts the run as soon as it has said this. */
    async function interruptAt(said: RegExp): Promise<{ code: number | null; error: { code: string; hint?: string } }> {
      let sent = false;
      const run = await project.zebu(['vm:create', '--json', '--debug'], {
        onStderr: (text, pid) => {
          if (!sent && said.test(text)) sent = process.kill(pid, 'SIGINT');
        },
      });
      expect(sent, run.stderr).toBe(true);
      return { code: run.code, error: (JSON.parse(run.stdout) as { error: { code: string; hint?: string } }).error };
    }

    it('before anything was changed ends with 130', async () => {
      expect(await interruptAt(/GET \S+\/cluster\/resources ok/)).toMatchObject({
        code: 130,
        error: { code: 'INTERRUPTED' },
      });
      expect((await project.zebu(['vm:status'])).code).toBe(6);
    });

    it('while Proxmox works ends with 9, and the next run finishes what is there', async () => {
      await fault(lab, { kind: 'delay-task', task: 'qmcreate', ms: 6000 });
      const { code, error } = await interruptAt(transport === 'api' ? /POST \S+\/qemu ok/ : /- Create VM/);
      expect([code, error.code]).toEqual([9, 'OUTCOME_UNKNOWN']);
      expect(error.hint).toMatch(/again/);
      const made = await project.json<{ vmid: number }>(['vm:create']);
      expect(await project.json(['vm:create'])).toMatchObject({ changed: false, vmid: made.vmid });
      const vms = (await project.json<{ vmid: number }>(['vm:status'])).vmid;
      expect(vms).toBe(made.vmid);
    });

    it('while it boots ends with 9, and the next run finishes the same VM', async () => {
      const { code } = await interruptAt(/- Boot until/);
      expect(code).toBe(9);
      const { vmid } = await project.json<{ vmid: number }>(['vm:status']);
      expect(await project.json(['vm:create'])).toMatchObject({ vmid });
    });
  });
