import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { parse } from 'yaml';
import { ROOT } from '../../support/cli.js';
import { makeProject, type Project } from '../../support/project.js';

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Workflow {
  readonly jobs: {
    readonly deploy: { readonly env: Readonly<Record<string, string>>; readonly steps: readonly Step[] };
  };
}

interface StepRun {
  readonly name: string;
  readonly code: number | null;
  readonly log: string;
  readonly ms: number;
}

function workflowOf(project: Project): Workflow {
  return parse(readFileSync(join(project.folder, '.github/workflows/deploy.yml'), 'utf8')) as Workflow;
}

/** As much of a runner as the workflow needs: expressions, the files of a step, variables that go on to the next. */
class Runner {
  readonly folder = mkdtempSync(join(tmpdir(), 'zebu-runner-'));
  readonly #workflow: Workflow;
  readonly #values: Readonly<Record<string, string>>;
  readonly #project: Project;

  constructor(project: Project, values: Readonly<Record<string, string>>) {
    this.#project = project;
    this.#values = values;
    this.#workflow = workflowOf(project);
    const bin = join(this.folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'zebu'), `#!/bin/sh\nexec "${process.execPath}" "${ROOT}bin/run.js" "$@"\n`, {
      mode: 0o755,
    });
  }

  #evaluate(text: string): string {
    return text.replaceAll(/\$\{\{ (.+?) \}\}/g, (_, expression: string) => {
      for (const part of expression.split(' || ')) {
        const value = /^'.*'$/.test(part) ? part.slice(1, -1) : this.#values[part];
        if (value) return value;
      }
      return '';
    });
  }

  /** Runs the `run:` steps in order; after a failure only those that always run. */
  async job(
    watch: { onLog?: (log: string, pid: number) => void; onEnd?: (step: string) => void } = {},
  ): Promise<{ steps: readonly StepRun[]; outputs: string; summary: string }> {
    const file = (name: string): string => join(this.folder, name);
    for (const name of ['output', 'summary', 'env']) writeFileSync(file(name), '');
    const steps: StepRun[] = [];
    let failed = false;
    for (const step of this.#workflow.jobs.deploy.steps) {
      if (step.run === undefined || step.name === 'Install zebu' || (failed && step.if !== 'always()')) continue;
      const carried = Object.fromEntries(
        readFileSync(file('env'), 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => line.split(/=(.*)/s).slice(0, 2)),
      ) as Record<string, string>;
      const declared = { ...this.#workflow.jobs.deploy.env, ...step.env };
      const started = performance.now();
      const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], {
        cwd: this.#project.folder,
        env: {
          PATH: `${file('bin')}:${process.env['PATH'] ?? ''}`,
          HOME: this.folder,
          CI: 'true',
          GITHUB_ACTIONS: 'true',
          GITHUB_WORKSPACE: this.#project.folder,
          GITHUB_OUTPUT: file('output'),
          GITHUB_STEP_SUMMARY: file('summary'),
          GITHUB_ENV: file('env'),
          GITHUB_RUN_ID: '77',
          GITHUB_ACTOR: 'octocat',
          RUNNER_TEMP: file('temp'),
          ...this.#project.env,
          ...carried,
          ...Object.fromEntries(Object.entries(declared).map(([name, value]) => [name, this.#evaluate(value)])),
        },
      });
      let log = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          log += chunk;
          if (child.pid !== undefined) watch.onLog?.(log, child.pid);
        });
      }
      const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
      watch.onEnd?.(step.name ?? '');
      steps.push({ name: step.name ?? '', code, log, ms: performance.now() - started });
      if (code !== 0) failed = true;
    }
    return { steps, outputs: readFileSync(file('output'), 'utf8'), summary: readFileSync(file('summary'), 'utf8') };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe('the workflow that ci:init writes', () => {
  let project: Project;
  let values: Record<string, string>;
  const runners: Runner[] = [];
  const runner = (extra: Record<string, string> = {}): Runner => {
    const made = new Runner(project, { ...values, ...extra });
    runners.push(made);
    return made;
  };

  beforeAll(async () => {
    const lab = theLab();
    project = makeProject({
      lab,
      app: 'ci-app',
      config: { app: { url: 'http://ci.example' }, deploy: { stability: 1 }, secrets: { CI_SECRET: {} } },
    });
    // The VM's own busybox: no registry is asked. What takes long is the hook, which runs in the VM as a build does.
    project.write(
      '.zebu/hooks/pre-build',
      '#!/bin/sh\nset -eu\ncp "$(command -v busybox)" busybox\n[ ! -e slow ] || { echo building slowly; sleep 12; }\n',
      0o755,
    );
    project.write('.gitignore', 'busybox\n');
    project.write('Dockerfile', 'FROM scratch\nCOPY busybox /bin/busybox\nENTRYPOINT ["/bin/busybox"]\n');
    project.write(
      'compose.yml',
      'services:\n  web:\n    build: .\n    restart: always\n    environment: { CI_SECRET: "${CI_SECRET}" }\n    command: [sleep, "1000"]\n',
    );
    // What it installs is tried by itself; here it is the checkout.
    mkdirSync(join(project.folder, '.github'));
    writeFileSync(join(project.folder, '.github/zebu.tgz'), gzipSync('a package'));
    await project.json(['ci:init', '--package', '.github/zebu.tgz']);
    project.release('v1');
    await project.json(['vm:create']);
    values = {
      'secrets.PROXMOX_SSH_KEY': readFileSync(lab.ssh.identityFile, 'utf8').trim(),
      'secrets.PROXMOX_KNOWN_HOSTS': readFileSync(lab.ssh.knownHostsFile, 'utf8').trim(),
      'secrets.VM_SSH_KEY': readFileSync(join(project.folder, '../id_ed25519'), 'utf8').trim(),
      'secrets.CI_SECRET': 'a-secret-of-ci',
      'github.ref_name': 'v1',
    };
  });
  afterAll(async () => {
    for (const each of runners) each.remove();
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('installs the file that it was written for, and no other', () => {
    const { env = {}, run = '' } =
      workflowOf(project).jobs.deploy.steps.find(({ name }) => name === 'Install zebu') ?? {};
    const bin = mkdtempSync(join(tmpdir(), 'zebu-ci-npm-'));
    writeFileSync(join(bin, 'npm'), `#!/bin/sh\necho "$@" >>${bin}/said\n`, { mode: 0o755 });
    const sha = spawnSync('git', ['-C', project.folder, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).stdout.trim();
    // What is deployed is older than the workflow, and has no such file.
    rmSync(join(project.folder, '.github/zebu.tgz'));
    const install = (more: Readonly<Record<string, string>> = {}): number | null =>
      spawnSync('bash', ['-eo', 'pipefail', '-c', run], {
        cwd: project.folder,
        env: { ...env, GITHUB_SHA: sha, RUNNER_TEMP: bin, PATH: `${bin}:${process.env['PATH'] ?? ''}`, ...more },
      }).status;
    expect(install()).toBe(0);
    const said = `install --global --ignore-scripts ${bin}/zebu.tgz\n`;
    expect(readFileSync(join(bin, 'said'), 'utf8')).toBe(said);
    expect(install({ SHA512: 'ab'.repeat(64) })).not.toBe(0);
    expect(install({ GITHUB_SHA: `${sha}~1` })).not.toBe(0);
    expect(readFileSync(join(bin, 'said'), 'utf8')).toBe(said);
    spawnSync('git', ['-C', project.folder, 'checkout', '-q', '--', '.github/zebu.tgz']);
    rmSync(bin, { recursive: true });
  });

  it('is a workflow by GitHub’s own schema', () => {
    const content = readFileSync(join(project.folder, '.github/workflows/deploy.yml'), 'utf8');
    const { context } = parseWorkflow({ name: 'deploy.yml', content }, new NoOperationTraceWriter());
    expect(context.errors.getErrors().map(({ message }) => message)).toEqual([]);
    for (const [, ref] of content.matchAll(/uses: \S+@(\S+)/g)) expect(ref).toMatch(/^[0-9a-f]{40}$/);
  });

  it('deploys the tag that was pushed, and leaves outputs, a summary and no secret', async () => {
    const { steps, outputs, summary } = await runner().job();
    expect(
      steps.map(({ name, code }) => [name, code]),
      steps.map(({ log }) => log).join('\n'),
    ).toEqual([
      ['Is Proxmox reachable?', 0],
      ['Keys', 0],
      ['Deploy', 0],
      ['Status', 0],
      ['Remove the keys', 0],
    ]);
    expect(outputs).toMatch(/verdict<<(\S+)\nlive\n\1/);
    expect(outputs).toMatch(/url<<(\S+)\nhttp:\/\/ci\.example\n\1/);
    expect(outputs).toMatch(/release<<(\S+)\n\d{8}T\d{6}Z-[0-9a-f]{7}\n\1/);
    expect(summary).toContain('### ci-app: deploy of v1');
    const log = steps.map((step) => step.log).join('\n');
    expect(log).toContain('::group::Build in the VM');
    expect(log.replaceAll(/^::add-mask::.*$/gm, '')).not.toContain('a-secret-of-ci');
  });

  it('fails loudly where the host cannot be reached, with the three ways', async () => {
    const { steps, summary } = await runner({ 'vars.PROXMOX_PORT': '1' }).job();
    expect(steps[0]).toMatchObject({
      code: 1,
      log: expect.stringContaining('::error title=Proxmox cannot be reached::127.0.0.1:1') as string,
    });
    expect(summary).toMatch(/1\. a self-hosted runner[\s\S]*2\. .*WireGuard or Tailscale[\s\S]*3\. a public address/);
  });

  it('names a secret that is not set', async () => {
    const { steps } = await runner({ 'secrets.VM_SSH_KEY': '' }).job();
    expect(steps[1]).toMatchObject({
      name: 'Keys',
      code: 1,
      log: expect.stringContaining('Set the secret VM_SSH_KEY') as string,
    });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'cancelled half-way by %s ends in time with the truth, and the next run waits and reports',
    async (signal) => {
      const tag = `v2-${signal.toLowerCase()}`;
      project.write('slow', tag);
      project.release(tag);
      let signalled = 0;
      let ended = 0;
      const cancelled = await runner({ 'github.ref_name': tag }).job({
        onLog: (log, pid) => {
          if (signalled > 0 || !log.includes('building slowly')) return;
          signalled = performance.now();
          // As the runner does: the process of the step alone, not what it has started.
          process.kill(pid, signal);
        },
        onEnd: (name) => {
          if (name === 'Deploy') ended = performance.now();
        },
      });
      const deploy = cancelled.steps.find(({ name }) => name === 'Deploy');
      expect(deploy?.code, deploy?.log).toBe(9);
      expect(signalled).toBeGreaterThan(0);
      expect(ended - signalled).toBeLessThan(7500);
      expect(cancelled.outputs).toMatch(/verdict<<(\S+)\nunknown\n\1/);
      // Followed to its end, it is the same release that is reported, not a second one.
      const next = await runner({ 'github.ref_name': tag }).job();
      const again = next.steps.find(({ name }) => name === 'Deploy');
      expect(again?.code, again?.log).toBe(0);
      expect(next.outputs).toMatch(/verdict<<(\S+)\nlive\n\1/);
      const { releases } = await project.json<{ releases: { id: string; ref: string; verdict: string }[] }>([
        'app:releases',
      ]);
      expect(releases.filter(({ ref }) => ref === tag).map(({ verdict }) => verdict)).toContain('live');
    },
  );
});
