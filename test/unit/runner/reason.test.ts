import { describe, expect, it } from 'vitest';
import { runnerApp } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

describe.each(vmShells())('why a run ends, in $name', { timeout: 60_000 }, (shell) => {
  it('is what is asked for, unless another program found the disk full', () => {
    const app = runnerApp(shell);
    app.write('error', 'warning: x\nservices.web: "a" is \\ not $(allowed)\n\n');
    const { lines } = app.run(`tell() { echo "$cause: $reason"; }
blame build-failed 'the build failed: ' 'exit code: 1'; tell
blame build-failed 'the build failed: ' 'write /x: no space left on device'; tell
blame hook-failed 'cp: ' 'No space left on device (28)'; tell
# Of the words that are put before it nothing is read.
blame hook-failed 'no space left on device: ' 'other'; tell
blame image-missing 'an image is not there: ' '-n * \`id\`'; tell
cp "$base/error" "$work/error"; unreadable; tell`);
    expect(lines).toEqual([
      'build-failed: the build failed: exit code: 1',
      'no-space: the build failed: write /x: no space left on device',
      'no-space: cp: No space left on device (28)',
      'hook-failed: no space left on device: other',
      'image-missing: an image is not there: -n * `id`',
      'compose-invalid: the Compose files cannot be read: services.web: "a" is \\ not $(allowed)',
    ]);
  });

  it('names an env file that is not there as the repository does, with what to do', () => {
    const app = runnerApp(shell);
    const path = `${app.base}/releases/r2/tree/back end/.env`;
    app.write('error', `env file ${path} not found: stat ${path}: no such file or directory\n`);
    expect(app.run('cp "$base/error" "$work/error"; compose_said').lines).toEqual([
      'the env file ./back end/.env is not part of the commit: commit it without secrets, or put what services need of it into .env and their environment',
    ]);
  });
});
