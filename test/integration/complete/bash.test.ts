import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../support/cli.js';
import { git } from '../../support/project.js';

describe('completion in a real bash', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zebu-complete-'));
  const bin = join(folder, 'bin');

  beforeAll(() => {
    mkdirSync(bin);
    writeFileSync(join(bin, 'zebu'), `#!/bin/sh\nexec "${process.execPath}" "${ROOT}bin/run.js" "$@"\n`, {
      mode: 0o755,
    });
    writeFileSync(join(folder, 'zebu.yml'), 'app: {name: shop}\n');
    writeFileSync(join(folder, 'compose.yml'), 'services: {web: {ports: ["80:80"]}, worker: {}}\n');
    git(folder, 'init', '-q');
    git(folder, 'add', 'zebu.yml');
    git(folder, 'commit', '-qm', 'First');
    for (const tag of ['v1.0', 'v1.1', 'other']) git(folder, 'tag', tag);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What bash would offer at the end of the line. */
  function offered(line: string): readonly string[] {
    const script =
      'eval "$(zebu completion bash)"; COMP_LINE=$1 COMP_POINT=${#1}; _zebu; printf "%s\\n" "${COMPREPLY[@]}"';
    const { stdout } = spawnSync('bash', ['--norc', '-c', script, 'bash', line], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    });
    return stdout.split('\n').filter((each) => each !== '');
  }

  it('completes commands behind their colon, flags, tags and services', () => {
    expect(offered('zebu app:dep')).toEqual(['deploy']);
    expect(offered('zebu completion f')).toEqual(['fish']);
    expect(offered('zebu app:deploy --ta')).toEqual(['--tag']);
    expect(offered('zebu app:deploy --tag v').toSorted()).toEqual(['v1.0', 'v1.1']);
    expect(offered('zebu app:logs w')).toEqual(['web', 'worker']);
  });
});
