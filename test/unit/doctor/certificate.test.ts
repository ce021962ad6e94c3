import { describe, expect, it } from 'vitest';
import { servedFinding } from '../../../src/lib/doctor/certificate.js';
import { issue } from '../../support/certificates.js';

const DAY = 86_400_000;
const pair = issue({ names: ['shop.test'], days: 90 });
const found = (days: number, domain = 'shop.test', file?: string): readonly (string | null)[] => {
  const { status, detail, code } = servedFinding(pair.certificate, domain, file, new Date(Date.now() + days * DAY));
  return [status, detail.replaceAll(/\d{4}-\d\d-\d\d/g, 'DAY'), code];
};

describe('the certificate that the front proxy shows', () => {
  it('is well while it is good for the name', () => {
    expect(found(0)).toEqual(['ok', 'shop.test is shown one that is good until DAY', null]);
    expect(found(0, 'shop.test', pair.certificate)[0]).toBe('ok');
  });

  it('is a failure once it has ended, and a warning before', () => {
    expect(found(91)).toEqual(['fail', 'the certificate that is shown for shop.test ended on DAY', 'TLS_UNTRUSTED']);
    expect(found(80)).toEqual([
      'warn',
      'the certificate that is shown for shop.test ends on DAY, in 9 days, and was not renewed',
      null,
    ]);
  });

  it('is a warning where it is for another name, or another one than the file', () => {
    expect(found(0, 'other.test')[1]).toBe('the certificate that is shown for other.test is for shop.test');
    const other = issue({ names: ['shop.test'] });
    expect(found(0, 'shop.test', other.certificate)[1]).toContain('is another one than the file has');
  });
});
