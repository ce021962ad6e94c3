import { describe, expect, it } from 'vitest';
import { interpolate } from '../../../src/lib/images/interpolate.js';
import { parseReference, shortName } from '../../../src/lib/images/reference.js';
import { nextPage, parseChallenge } from '../../../src/lib/images/registry.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('the name of an image', () => {
  it.each([
    ['redis', 'docker.io', 'library/redis', 'latest', 'redis'],
    ['redis:7', 'docker.io', 'library/redis', '7', 'redis'],
    ['bitnami/redis:7', 'docker.io', 'bitnami/redis', '7', 'bitnami/redis'],
    ['docker.io/library/redis:7', 'docker.io', 'library/redis', '7', 'redis'],
    ['index.docker.io/redis', 'docker.io', 'library/redis', 'latest', 'redis'],
    ['ghcr.io/team/web:v1', 'ghcr.io', 'team/web', 'v1', 'ghcr.io/team/web'],
    ['localhost/web', 'localhost', 'web', 'latest', 'localhost/web'],
    ['registry.test:5000/a/b/c:1', 'registry.test:5000', 'a/b/c', '1', 'registry.test:5000/a/b/c'],
  ])('%s is taken apart as Docker does it', (text, host, repository, tag, short) => {
    const reference = parseReference(text);
    expect(reference).toEqual({ host, repository, tag, digest: undefined });
    expect(reference && shortName(reference)).toBe(short);
  });

  it('has a digest with or without a tag', () => {
    expect(parseReference(`redis:7@${DIGEST}`)).toMatchObject({ tag: '7', digest: DIGEST });
    expect(parseReference(`redis@${DIGEST}`)).toMatchObject({ tag: undefined, digest: DIGEST });
  });

  it.each([
    '',
    'Redis',
    'redis:',
    'redis:a b',
    'redis@sha256:1',
    'a//b',
    '../x',
    'redis@x@y',
    'ghcr.io/',
    '-x',
    'a/../../b',
  ])('is not %j', (text) => {
    expect(parseReference(text)).toBeUndefined();
  });

  it('has its variables filled in as Compose does', () => {
    const values = new Map([
      ['TAG', '7'],
      ['EMPTY', ''],
    ]);
    const filled = (text: string): unknown => interpolate(text, values);
    expect(filled('redis:${TAG}')).toEqual({ text: 'redis:7' });
    expect(filled('redis:$TAG')).toEqual({ text: 'redis:7' });
    expect(filled('redis:${NONE:-6}${EMPTY-x}${EMPTY:-y}${TAG:+z}${NONE+z}')).toEqual({ text: 'redis:6yz' });
    expect(filled('redis:${NONE}')).toEqual({ unknown: 'NONE' });
    expect(filled('redis:${NONE:?say it}')).toEqual({ unknown: 'NONE' });
    expect(filled('a$$b')).toEqual({ text: 'a$b' });
    expect(filled('redis:${NONE:-${OTHER:-6}}')).toHaveProperty('unknown');
  });
});

describe('what a registry says', () => {
  it('of tokens is read whatever else stands there', () => {
    const header = 'Bearer realm="https://auth.test/token",service="registry.test",scope="repository:a/b:pull"';
    expect(parseChallenge(header)?.get('realm')).toBe('https://auth.test/token');
    expect(parseChallenge('Basic realm="x"')).toBeUndefined();
    expect(parseChallenge(undefined)).toBeUndefined();
  });

  it('of the next page is an address of any form', () => {
    expect(nextPage('</v2/a/tags/list?last=1&n=2>; rel="next"')).toBe('/v2/a/tags/list?last=1&n=2');
    expect(nextPage(['<https://r.test/v2/a/tags/list?n=2>;rel=next'])).toBe('https://r.test/v2/a/tags/list?n=2');
    expect(nextPage('</v2/>; rel="prev"')).toBeUndefined();
    expect(nextPage(undefined)).toBeUndefined();
  });
});
