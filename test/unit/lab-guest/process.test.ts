import { describe, expect, it } from 'vitest';

import { cgroupParents } from '../../../plugins/lab/src/guest/cgroups.js';
import { CommandFailed, parseStat } from '../../../plugins/lab/src/guest/process.js';
import { isSyncAnswer, syncRequest } from '../../../plugins/lab/src/guest/qga.js';

describe('/proc/PID/stat', () => {
  it('is read behind a name with spaces and parentheses', () => {
    const rest = `S 7 ${'0 '.repeat(17)}4711 0`;
    expect(parseStat(`42 (a b) (c) ${rest}`)).toEqual({ state: 'S', ppid: 7, startTicks: 4711 });
  });
});

describe('a failed command', () => {
  it('says in one line what it said last', () => {
    expect(new CommandFailed(['ip', 'link'], 2, 'first\n\nCannot find device "x"\n').message).toBe(
      'ip failed (2): first; Cannot find device "x"',
    );
  });
});

describe('synchronising with the agent', () => {
  it('begins with the byte that makes it forget half a message', () => {
    expect(syncRequest(7)[0]).toBe(0xff);
  });

  it('accepts only the answer to its own request', () => {
    const ours = Buffer.concat([Buffer.from('{"return": {}}'), Buffer.of(0xff), Buffer.from('{"return": 7}')]);
    expect(isSyncAnswer(ours, 7)).toBe(true);
    expect(isSyncAnswer(ours, 8)).toBe(false);
    expect(isSyncAnswer(Buffer.from('{"return": 7}'), 7)).toBe(false);
  });
});

describe('where cgroups are made', () => {
  it('is below our own cgroup on every controller of version 1', () => {
    const mounts = [
      '30 25 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu',
      '31 25 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
      '32 25 0:28 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd',
      '33 25 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
    ].join('\n');
    expect(cgroupParents(mounts, '3:memory:/box\n2:cpu:/\n1:name=systemd:/\n0::/\n')).toEqual([
      { directory: '/sys/fs/cgroup/memory/box', controllers: 'memory' },
      { directory: '/sys/fs/cgroup/cpu', controllers: 'cpu' },
      { directory: '/sys/fs/cgroup/systemd', controllers: 'name=systemd' },
    ]);
  });

  it('is the root of the one tree of version 2', () => {
    const mounts = '30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw';
    expect(cgroupParents(mounts, '0::/user.slice/session-1.scope\n')).toEqual([
      { directory: '/sys/fs/cgroup', controllers: '' },
    ]);
  });
});
