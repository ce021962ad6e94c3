import { describe, expect, it } from 'vitest';
import { looksSecret } from '../../../src/lib/settings/likely-secret.js';

describe('what looks like a secret', () => {
  it.each([
    ['DB_PASSWORD', 'postgres'],
    ['PGPASSWORD', 'x1'],
    ['REDIS_PASS', 'redis'],
    ['api-key', 'abc'],
    ['STRIPE_SECRET', 'whsec'],
    ['GITHUB_TOKEN', 'x-y-z'],
    ['HMAC_PEPPER', 'salty'],
    ['SENTRY_DSN', 'https://abc@sentry.example.org/1'],
    ['DATABASE_URL', 'postgres://shop:hunter2@db:5432/shop'],
    ['PAYMENTS', 'sk_live_4eC39HqLyjWDarjtT1zdp7dc'],
    ['DEPLOY', `ghp_${'a1B2'.repeat(9)}`],
    ['SIGNING', '-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----'],
    ['SESSION', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sflKxw'],
    ['COOKIE', '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
    ['SOMETHING', 'q8Zx2LmN4vRt6YpW0sKd9HfJ'],
  ])('is %s', (name, value) => {
    expect(looksSecret(name, value)).toBe(true);
  });

  it.each([
    ['LOG_LEVEL', 'debug'],
    ['DATABASE_URL', 'postgres://db:5432/shop'],
    ['CORS_ORIGIN', 'https://shop.example.org,https://www.shop.example.org'],
    ['IMAGE', `registry.example.org/shop@sha256:${'9f86d081884c7d65'.repeat(4)}`],
    ['GIT_SHA', '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b'],
    ['BUILD_ID', 'q8Zx2LmN4vRt6YpW0sKd9HfJ'],
    ['COMPOSE_PROFILES', 'web,worker'],
    ['TLS_KEY', '/certs/tls/key.pem'],
    ['PASSWORD_MIN_LENGTH', '12'],
    ['TOKEN_TTL', '3600'],
    ['KEYCLOAK_URL', 'https://id.example.org/'],
    ['MONKEY', 'banana'],
    ['STRIPE_PUBLISHABLE_KEY', 'pk_test_abc'],
    ['RECAPTCHA_SITE_KEY', 'abcdefgh'],
    ['DB_PASSWORD', ''],
    ['USE_TOKEN', 'true'],
    ['MOTTO', 'a long sentence of several words that nobody keeps secret'],
    ['HOST', 'very-long-name-of-a-host.internal.example.org'],
  ])('is not %s', (name, value) => {
    expect(looksSecret(name, value)).toBe(false);
  });

  it('is decided in no time, whatever it is given', () => {
    const started = performance.now();
    for (const text of [
      'a'.repeat(60_000),
      `a://${'b:'.repeat(30_000)}`,
      'PASSWORD'.repeat(7000),
      '${'.repeat(30_000),
    ]) {
      looksSecret('X', text);
      looksSecret(text, 'x');
    }
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
