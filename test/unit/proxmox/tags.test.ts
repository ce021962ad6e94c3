import { describe, expect, it } from 'vitest';
import { makeClient } from '../../../src/lib/proxmox/client.js';
import { ownTags } from '../../../src/lib/proxmox/ownership.js';
import { allowingTags, readTagRules, tagProblem } from '../../../src/lib/proxmox/tags.js';
import { fakeProxmox, refuses } from '../../support/fake-proxmox.js';

/** `GET /cluster/options` of a real node, without and with restrictions (`rest/018`, `pvesh/342`). */
const FREE = {
  'allowed-tags': ['community-script', 'zebu'],
  mac_prefix: 'BC:24:11',
  description: '',
  keyboard: 'en-us',
};
const LIST = {
  ...FREE,
  'allowed-tags': ['zebu'],
  'user-tag-access': { 'user-allow': 'list', 'user-allow-list': ['zebu'] },
};
const NONE = { ...FREE, 'allowed-tags': [], 'user-tag-access': { 'user-allow': 'none' } };
const EXISTING = { ...FREE, 'allowed-tags': ['zebu', 'x'], 'user-tag-access': { 'user-allow': 'existing' } };
const REGISTERED = { ...FREE, 'allowed-tags': ['x'], 'registered-tags': ['prod', 'zebu'] };

async function clientOn(options: unknown, permissions: unknown = { '/': { 'Sys.Audit': 1 } }) {
  const { transport, context, asked } = fakeProxmox({
    'GET /cluster/options': options,
    'GET /access/permissions': permissions,
  });
  return { client: await makeClient(transport, context.io), asked };
}

const refused = async (options: unknown, permissions?: unknown, has?: string) =>
  (await tagProblem((await clientOn(options, permissions)).client, ownTags('shop'), has))?.details?.['tags'];

describe('tags that a datacenter does not let everybody give', () => {
  it.each([
    ['nothing is said', FREE, undefined],
    ['a list has only one of ours', LIST, ['zebu-app-shop']],
    ['none are allowed', NONE, ['zebu', 'zebu-app-shop']],
    ['only those that VMs have', EXISTING, ['zebu-app-shop']],
    ['ours is registered', REGISTERED, ['zebu']],
    ['all of ours are listed', { ...LIST, 'allowed-tags': ['zebu', 'zebu-app-shop'] }, undefined],
  ])('where %s', async (_, options, tags) => {
    expect(await refused(options)).toEqual(tags);
  });

  it('are no matter to who may change the datacenter', async () => {
    expect(await refused(NONE, { '/': { 'Sys.Modify': 1, 'Sys.Audit': 1 } })).toBeUndefined();
  });

  it('are no matter to a VM that has them', async () => {
    expect(await refused(NONE, undefined, 'zebu;zebu-app-shop;x')).toBeUndefined();
    expect(await refused(NONE, undefined, 'zebu')).toEqual(['zebu-app-shop']);
  });

  it('are not guessed at where the options may not be read', async () => {
    expect(await refused(refuses(501, "Method 'GET /cluster/options' not implemented"))).toBeUndefined();
    // Without Sys.Audit on / nothing tells of restrictions.
    expect(await refused({ 'allowed-tags': [] })).toBeUndefined();
  });

  it('cost one question where nothing is restricted', async () => {
    const { client, asked } = await clientOn(FREE);
    await tagProblem(client, ownTags('shop'));
    expect(asked).toEqual(['GET /cluster/options']);
  });
});

describe('what to do about them', () => {
  const remedy = async (options: unknown, tags: readonly string[]) =>
    allowingTags(await readTagRules((await clientOn(options)).client), tags);

  it('keeps what was allowed before', async () => {
    expect(await remedy(LIST, ['zebu-app-shop'])).toBe(
      'pvesh set /cluster/options --user-tag-access "user-allow=list,user-allow-list=zebu;zebu-app-shop"',
    );
    expect(await remedy(EXISTING, ['zebu-app-shop'])).toContain('user-allow=existing,user-allow-list=zebu-app-shop');
  });

  it('allows no more than ours where nothing was', async () => {
    expect(await remedy(NONE, ['zebu', 'zebu-app-shop'])).toContain(
      'user-allow=list,user-allow-list=zebu;zebu-app-shop',
    );
  });

  it('takes only ours from those that are registered', async () => {
    expect(await remedy(REGISTERED, ['zebu'])).toBe('pvesh set /cluster/options --registered-tags "prod"');
    expect(await remedy({ ...REGISTERED, 'registered-tags': ['zebu'] }, ['zebu'])).toBe(
      'pvesh set /cluster/options --delete registered-tags',
    );
  });

  it('is the same of options that come as text', async () => {
    const text = { ...FREE, 'registered-tags': 'prod;zebu', 'user-tag-access': 'user-allow=list,user-allow-list=a;b' };
    expect(await readTagRules((await clientOn(text)).client)).toMatchObject({
      mode: 'list',
      listed: ['a', 'b'],
      registered: ['prod', 'zebu'],
    });
  });
});
