/** A cluster of two nodes: where a new VM goes, that it is found wherever it is, that Proxmox moves it; keeps it up: ha.test.ts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheImage, fromScript, standIn } from '../../support/community-script.js';
import { fault } from '../../support/lab-control.js';
import { nodeOf } from '../../support/node.js';
import { ownLab, type OwnLab } from '../../support/own-lab.js';
import { makeProject, type Project } from '../../support/project.js';
import { refusal } from '../../support/refusal.js';

let lab: OwnLab;

beforeAll(async () => {
  lab = await ownLab('cluster', '--nodes', '2');
});
afterAll(async () => lab.down());

describe('a VM in a cluster', () => {
  let project: Project;
  let from: string;
  let to: string;

  beforeAll(async () => {
    project = makeProject({ lab: lab.report, app: 'moves', transport: 'api' });
    const { node } = await project.json<{ node: string }>(['vm:create']);
    const nodes = await nodeOf(lab.report).ask<readonly { node: string }[]>('GET', '/nodes');
    from = node;
    to = nodes.map((each) => each.node).find((name) => name !== node) ?? '';
  });
  afterAll(async () => {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  });

  it('is not moved to where there is no node: exit 2', async () => {
    const error = await refusal(project, ['vm:migrate', 'nowhere']);
    expect(error).toMatchObject({ code: 'USAGE', exit: 2 });
    expect(error.hint).toContain(to);
  });

  it('is not moved while it runs from a disk of its node, unless told to', async () => {
    const error = await refusal(project, ['vm:migrate', to]);
    expect(error).toMatchObject({ code: 'MIGRATE_REFUSED', exit: 6 });
    expect(error.hint).toContain('--with-local-disks');
  });

  it('moves while it runs, and is found where it is', async () => {
    const booted = (await project.zebu(['vm:exec', '--', 'stat', '-c', '%Z', '/proc/1'])).stdout;
    const run = await project.zebu(['vm:migrate', to, '--with-local-disks']);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toMatch(new RegExp(`is on ${to}, and was running all the time`));
    expect(await project.json(['vm:status'])).toMatchObject({ node: to, status: 'running' });
    expect((await project.zebu(['vm:exec', '--', 'stat', '-c', '%Z', '/proc/1'])).stdout).toBe(booted);
    // Neither a second one nor the old place: the next run finds it.
    expect(await project.json(['vm:create'])).toMatchObject({ changed: false, node: to });
    expect((await project.json<{ drift: unknown[] }>(['vm:diff'])).drift).toEqual([]);
    expect(await project.json(['vm:migrate', to])).toMatchObject({ changed: false });
  });

  it('moves back when it is off', async () => {
    await project.json(['vm:stop', '--force']);
    expect(await project.json(['vm:migrate', from])).toMatchObject({ changed: true, online: false, to: from });
    expect(await project.json(['vm:start'])).toMatchObject({ node: from, status: 'running' });
  });
});

it('is made over SSH on a node other than the one that is logged in to', async () => {
  const nodes = await nodeOf(lab.report).ask<readonly { node: string }[]>('GET', '/nodes');
  const other = nodes.map(({ node }) => node).find((name) => name !== lab.report.node) ?? '';
  const project = makeProject({ lab: lab.report, app: 'elsewhere', transport: 'ssh' });
  const there = ['--set', `proxmox.node=${other}`];
  try {
    expect(await project.json(['vm:create', ...there])).toMatchObject({ changed: true, node: other });
    expect(await project.json(['vm:create', ...there])).toMatchObject({ changed: false, node: other });
    // What goes wrong there has to be asked for: pvesh does not say it.
    await fault(lab.report, { kind: 'fail-task', task: 'qmstop', reason: 'no such luck' });
    const error = await refusal(project, ['vm:stop', '--force']);
    expect(error).toMatchObject({ code: 'TASK_FAILED', message: expect.stringContaining('no such luck') as string });
  } finally {
    await project.zebu(['vm:destroy', '--yes']);
    project.remove();
  }
});

it('makes its VM on the host the community script runs on', async () => {
  cacheImage(lab.report);
  const project = makeProject({
    lab: lab.report,
    app: 'script-here',
    config: { vm: fromScript },
  });
  standIn(project);
  try {
    expect(await project.json(['vm:create', '--dry-run'])).toMatchObject({ node: lab.report.node });
    const nodes = await nodeOf(lab.report).ask<readonly { node: string }[]>('GET', '/nodes');
    const other = nodes.map(({ node }) => node).find((name) => name !== lab.report.node) ?? '';
    const error = await refusal(project, ['vm:create', '--dry-run', '--set', `proxmox.node=${other}`]);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', exit: 3 });
    expect(error.hint).toContain(`proxmox.host to ${other}`);
  } finally {
    project.remove();
  }
});
