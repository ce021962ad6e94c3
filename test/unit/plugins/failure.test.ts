import { describe, expect, it } from 'vitest';
import { pluginFailure } from '../../../src/lib/plugins/failure.js';

const exited = new Error('/usr/bin/node npm-cli.js install nope exited with code 1\nmore');

describe('pluginFailure', () => {
  it('says what npm said, without its numbers', () => {
    const error = pluginFailure(exited, [
      'code E404',
      '404 Not Found - GET https://registry.example/nope - Not found',
      '404',
      "404  The requested resource 'nope@latest' could not be found or you do not have permission to access it.",
    ]);
    expect([error.code, error.exit, error.message]).toEqual([
      'PLUGIN_REFUSED',
      6,
      'Not Found - GET https://registry.example/nope - Not found',
    ]);
    expect(error).toMatchObject({ hint: 'Check the name, or give a tarball or a folder.', details: { npm: 'E404' } });
  });

  it.each(['ENOTFOUND', 'ECONNREFUSED', 'ETIMEDOUT', 'EAI_AGAIN'])('knows %s as no answer', (code) => {
    const error = pluginFailure(exited, [
      `code ${code}`,
      `syscall connect`,
      `network request to https://r.example/x failed, reason: connect ${code} 192.0.2.1:443`,
    ]);
    expect([error.code, error.exit]).toEqual(['UNREACHABLE', 4]);
    expect(error.message).toContain('r.example');
  });

  it('falls back to the first line of what oclif said', () => {
    expect(pluginFailure(new Error('plugin is invalid\nhint'), [])).toMatchObject({
      code: 'PLUGIN_REFUSED',
      message: 'plugin is invalid',
      hint: undefined,
    });
  });
});
