import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderUnit, type Unit } from '../../../src/lib/units/unit.js';

const owner = { app: 'shop', base: '/opt/zebu/shop', user: 'deploy' };
const watch: Unit = {
  name: 'watch',
  summary: 'Look at the services',
  program: 'echo hello\n',
  start: { every: 60 },
  limit: 50,
  rights: 'docker',
  writes: ['watch'],
};
const [service, timer] = renderUnit(watch, owner).files;

describe('a unit', () => {
  it('has the name of its app, in a way that no other app can have', () => {
    expect([service.name, timer.name]).toEqual(['zebu-watch@shop.service', 'zebu-watch@shop.timer']);
    expect(service.text).toContain('for the app shop');
  });

  it('is started by the deploy user, in its folder, with little around it and for a bounded time', () => {
    expect(service.text.split('\n')).toEqual(
      expect.arrayContaining([
        'User=deploy',
        'WorkingDirectory=/opt/zebu/shop',
        'ExecStart=/bin/sh /opt/zebu/shop/units/watch',
        'TimeoutStartSec=50',
        'ReadWritePaths=/opt/zebu/shop/watch',
        'NoNewPrivileges=yes',
        'StartLimitIntervalSec=0',
      ]),
    );
  });

  it('comes round within the time it has, chance included', () => {
    expect(timer.text).toContain('OnUnitInactiveSec=54\nRandomizedDelaySec=6\n');
    const quick = renderUnit({ ...watch, start: { every: 2 } }, owner).files[1];
    expect(quick.text).toContain('OnUnitInactiveSec=1\nRandomizedDelaySec=1\n');
  });

  it('that fetches reaches no Docker, and one that deploys has no sandbox in the way of hooks', () => {
    const fetch = renderUnit({ ...watch, rights: 'fetch' }, owner).files[0].text;
    expect(fetch).toContain('InaccessiblePaths=-/run/docker.sock');
    expect(service.text).not.toContain('InaccessiblePaths');
    const deploy = renderUnit({ ...watch, rights: 'deploy', start: { path: 'pull/order' } }, owner);
    expect(deploy.files[0].text).not.toMatch(/Protect|NoNewPrivileges/);
    expect(deploy.files[1]).toMatchObject({ name: 'zebu-watch@shop.path' });
    expect(deploy.files[1].text).toContain('PathExists=/opt/zebu/shop/pull/order\n');
  });

  it('may be started by any of several paths', () => {
    const several = renderUnit({ ...watch, start: { path: ['events/new', 'notify/pending'] } }, owner).files[1].text;
    expect(several).toContain('PathExists=/opt/zebu/shop/events/new\nPathExists=/opt/zebu/shop/notify/pending\n');
  });

  it('has a program that is known by its sum', () => {
    const { program } = renderUnit(watch, owner);
    expect(program.text).toBe('app=shop\nbase=/opt/zebu/shop\nuser=deploy\necho hello\n');
    expect(program.sum).toMatch(/^[0-9a-f]{64}$/);
    expect(renderUnit({ ...watch, program: 'echo other\n' }, owner).program.sum).not.toBe(program.sum);
  });

  const analyze = spawnSync('systemd-analyze', ['--version']).status === 0;
  it.skipIf(!analyze)('is what systemd takes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'zebu-units-'));
    try {
      const base = join(folder, 'shop');
      mkdirSync(join(base, 'units'), { recursive: true });
      writeFileSync(join(base, 'units/watch'), '');
      for (const rights of ['fetch', 'docker', 'deploy'] as const)
        for (const start of [{ every: 60 }, { path: 'order' }]) {
          const { files } = renderUnit({ ...watch, rights, start }, { app: 'shop', base, user: userInfo().username });
          for (const { name, text } of files) writeFileSync(join(folder, name), text);
          const paths = files.map(({ name }) => join(folder, name));
          const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], { encoding: 'utf8' });
          // Of the other units of this machine it may say what it likes.
          expect(stderr.split('\n').filter((line) => line.includes('zebu-'))).toEqual([]);
        }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
