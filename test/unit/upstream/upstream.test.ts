import { describe, expect, it } from 'vitest';
import { bodyOf, issueChange, type Issue, type Watched } from '../../../scripts/upstream/issue.js';
import { common, methodsOf, schemaDifferences } from '../../../scripts/upstream/pve-schema.js';

const watched = (differences: readonly string[]): Watched => ({
  id: 'community-script',
  title: 'It asks what zebu has no answer for',
  advice: 'Extend the table.',
  differences,
});

const bot = { login: 'github-actions[bot]' };
const issue = (number: number, of: Watched, more: Partial<Issue> = {}): Issue => ({
  number,
  title: of.title,
  body: bodyOf(of),
  user: bot,
  ...more,
});

describe('the issue about upstream', () => {
  const one = watched(['"TELEMETRY" is new']);

  it('is opened once, updated when there is news, and closed when all is well again', () => {
    expect(issueChange(one, [])).toMatchObject({ method: 'POST', path: '/issues', body: { title: one.title } });
    expect(issueChange(one, [issue(7, one)])).toBeUndefined();
    expect(issueChange(one, [issue(7, one, { body: bodyOf(one).replaceAll('\n', '\r\n') })])).toBeUndefined();
    const two = watched(['"TELEMETRY" is new', '"RAM" is not asked any more']);
    expect(issueChange(two, [issue(7, one)])).toMatchObject({
      method: 'PATCH',
      path: '/issues/7',
      body: { body: bodyOf(two) },
    });
    expect(issueChange(watched([]), [issue(7, one)])).toEqual({
      method: 'PATCH',
      path: '/issues/7',
      body: { state: 'closed' },
    });
    expect(issueChange(watched([]), [])).toBeUndefined();
  });

  it('is told from those of others, whatever they say', () => {
    const others = [
      issue(1, one, { user: { login: 'somebody' } }),
      issue(2, one, { pull_request: {} }),
      issue(3, { ...one, id: 'proxmox-api' }),
      issue(4, one, { body: null }),
      issue(5, one, { body: `> quoted\n${bodyOf(one)}` }),
    ];
    expect(issueChange(one, others)?.method).toBe('POST');
    expect(issueChange(one, [...others, issue(9, one), issue(8, one)])).toBeUndefined();
  });

  it('shows words of others as what they are', () => {
    const body = bodyOf(watched(['```\n@everybody <img src=x>\u001b[31m', 'x'.repeat(10_000)]));
    expect(body.match(/```/g)).toHaveLength(2);
    expect(body).not.toContain('\u001b');
    expect(body.length).toBeLessThan(2000);
    expect(bodyOf(watched(Array.from({ length: 5000 }, (_, i) => `${i}`)))).toContain('… and 4900 more');
  });
});

describe('the API of Proxmox', () => {
  const described = (info: object, name = 'const apiSchema'): string =>
    `${name} = ${JSON.stringify([{ path: '/nodes', children: [{ path: '/nodes/{node}/qemu', info }] }], null, 3)}\n;\n`;
  const post = (properties: object) => described({ POST: { parameters: { properties } } });
  const known = { 'POST /nodes/{node}/qemu': { vmid: { required: true }, cores: {} } };

  it('is read as it is published, without the parameters of the path', () => {
    const text = post({ node: {}, vmid: {}, cores: { optional: 1 } });
    expect(methodsOf(text)).toEqual({ 'POST /nodes/{node}/qemu': { vmid: { required: true }, cores: {} } });
    expect(methodsOf(text.replace('const apiSchema', 'var pveapi'))).toEqual(methodsOf(text));
    expect(() => methodsOf('<html>')).toThrowError('another form');
  });

  it.each([
    ['more that may be given is no difference', { vmid: {}, cores: { optional: 1 }, fresh: { optional: 1 } }, []],
    ['a parameter that is gone', { vmid: {} }, ['POST /nodes/{node}/qemu does not take cores any more']],
    ['one that has to be given now', { vmid: {}, cores: {} }, ['POST /nodes/{node}/qemu wants cores']],
  ])('%s', (_, properties, differences) => {
    expect(schemaDifferences(known, methodsOf(post(properties)))).toEqual(differences);
  });

  it('is only held to what all versions of the lab have', () => {
    const old = { 'GET /a': { x: {}, y: {} }, 'GET /b': {} };
    const fresh = { 'GET /a': { x: { required: true }, z: {} }, 'GET /c': {} };
    expect(common([old, fresh])).toEqual({ 'GET /a': { x: { required: true } } });
  });

  it('a method that is gone', () => {
    expect(schemaDifferences(known, methodsOf(described({})))).toEqual(['POST /nodes/{node}/qemu is gone']);
  });
});
