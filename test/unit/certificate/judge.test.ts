import { describe, expect, it } from 'vitest';
import { covers, judgeCertificate, type Good, type Refused } from '../../../src/lib/certificate/judge.js';
import { encrypted, issue } from '../../support/certificates.js';

const authority = issue({ commonName: 'Root', authority: true, days: 3650 });
const between = issue({ commonName: 'Between', authority: true, days: 900, by: authority });
const own = issue({ commonName: 'Own', names: ['shop.test', '*.shop.test'], by: between });
const other = issue({ commonName: 'Other', names: ['other.test'] });
const chain = own.certificate + between.certificate;
const DAY = 86_400_000;

const judge = (given: Partial<Parameters<typeof judgeCertificate>[0]> = {}): Good | Refused =>
  judgeCertificate({ certificate: chain, key: own.key, domains: ['shop.test'], now: new Date(), ...given });
const why = (given: Parameters<typeof judge>[0]): string => {
  const judged = judge(given);
  return 'why' in judged ? `${judged.file} ${judged.why}` : `good: ${judged.warnings.join('; ')}`;
};
const inDays = (days: number): Date => new Date(Date.now() + days * DAY);

describe('a certificate for the front proxy', () => {
  it('is taken with its chain and its key as one text, without what else the files say', () => {
    const judged = judge({ certificate: `subject=Own\n${chain}`, key: `some words\n${own.key}` }) as Good;
    expect(judged.warnings).toEqual([]);
    expect(judged.text).toBe(`${chain}${own.key}`);
  });

  it('has to name every domain, as browsers see it', () => {
    expect(why({ domains: ['shop.test', '*.shop.test', 'www.shop.test'] })).toBe('good: ');
    expect(why({ domains: ['shop.test', 'a.b.shop.test', '*.b.test', 'own'] })).toBe(
      'cert_file is not good for a.b.shop.test, *.b.test, own, but for shop.test, *.shop.test',
    );
    const nameless = issue({ commonName: 'shop.test' });
    expect(why({ certificate: nameless.certificate, key: nameless.key })).toBe(
      'cert_file is not good for shop.test, but for no name at all',
    );
    expect(covers(['192.0.2.1'], '192.0.2.1')).toBe(true);
    expect(covers(['*.test'], '*.test')).toBe(true);
    expect(covers(['a.test'], '*.test')).toBe(false);
  });

  it('has to belong to the key', () => {
    expect(why({ key: other.key })).toBe('key_file is not the key of Own');
    expect(why({ key: encrypted(own.key) })).toMatch(/^key_file is encrypted/);
    expect(why({ key: chain })).toBe('key_file holds no private key');
    expect(why({ key: own.key.replace(/\n[^-\n]{20}/, '\nAAAAAAAAAAAAAAAAAAAA') })).toBe(
      'key_file holds no private key that can be read',
    );
  });

  it('stands first, each followed by who issued it', () => {
    expect(why({ certificate: between.certificate + own.certificate })).toBe(
      'cert_file is not in order: Own has to stand first',
    );
    expect(why({ certificate: own.certificate + authority.certificate + between.certificate })).toBe(
      'cert_file is not in order: behind Own there is not who issued it (CN=Between)',
    );
    expect(why({ certificate: chain + authority.certificate })).toBe('good: ');
  });

  it('is PEM', () => {
    expect(why({ certificate: '' })).toBe('cert_file holds no certificate');
    expect(why({ certificate: chain.replace(/\n[^-\n]{20}/, '\nAAAAAAAAAAAAAAAAAAAA') })).toBe(
      'cert_file holds no certificate that can be read',
    );
  });

  it('is refused when it has ended or has not begun, and said when it is about to end', () => {
    expect(why({ now: inDays(91) })).toMatch(/^cert_file ended on \d{4}-\d\d-\d\d$/);
    expect(why({ now: inDays(-2) })).toMatch(/^cert_file is good only from \d{4}-\d\d-\d\d on$/);
    expect(why({ now: inDays(70) })).toBe('good: ');
    expect(why({ now: inDays(80) })).toMatch(/^good: ends on \S+, in 9 days: renew it and deploy$/);
    expect(why({ now: inDays(89.5) })).toMatch(/^good: ends on \S+, within a day: renew it and deploy$/);
    // One that is made anew every few days is not near its end for all of its life.
    const short = issue({ names: ['shop.test'], days: 6 });
    expect(why({ certificate: short.certificate, key: short.key })).toBe('good: ');
  });

  it('is refused when it is not for servers', () => {
    const client = issue({ commonName: 'me', names: ['shop.test'], extensions: ['extendedKeyUsage=clientAuth'] });
    expect(why({ certificate: client.certificate, key: client.key })).toBe('cert_file is not for servers: me');
    const both = issue({ names: ['shop.test'], extensions: ['extendedKeyUsage=clientAuth,serverAuth'] });
    expect(why({ certificate: both.certificate, key: both.key })).toBe('good: ');
  });

  it('is said to be without its chain when the authority says that there is one', () => {
    const lone = issue({
      names: ['shop.test'],
      by: between,
      extensions: ['authorityInfoAccess=caIssuers;URI:http://r.test/'],
    });
    expect(why({ certificate: lone.certificate, key: lone.key })).toMatch(/^good: holds the certificate without those/);
    expect(why({ certificate: lone.certificate + between.certificate, key: lone.key })).toBe('good: ');
  });
});
