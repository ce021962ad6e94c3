import { secretsArePreserved } from './preserved.js';

secretsArePreserved(100, 3_600_000);
