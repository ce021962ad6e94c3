import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AfterEvent } from '@zebu/kit';
import { recordingIo } from '@zebu/kit/conformance';
import hook from '../src/after-deploy.js';

const event: AfterEvent<'deploy'> = {
  contract: 1,
  operation: 'deploy',
  moment: 'after',
  run: 'r',
  time: '2026-11-24T05:30:00.000Z',
  app: 'shop',
  environment: null,
  url: null,
  input: { ref: 'v1.2', kind: 'tag', commit: null },
  seconds: 21,
  outcome: { ok: false, error: { code: 'DEPLOY_RESTORED', exit: 7, message: 'web is unhealthy' } },
};

test('says how the deploy ended', async () => {
  const { io, written } = recordingIo();
  await hook({ event, io, signal: new AbortController().signal, env: () => undefined });
  assert.equal(written(), 'shop: the deploy failed: web is unhealthy\n');
});
