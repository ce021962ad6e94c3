import { secretsArePreserved } from './preserved.js';

// A hundred redeploys are a run of their own: test/long/secrets/preserved.test.ts.
secretsArePreserved(5, 300_000);
