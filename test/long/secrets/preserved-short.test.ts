import { secretsArePreserved } from './preserved.js';

// A hundred redeploys are in preserved.test.ts.
secretsArePreserved(5, 300_000);
