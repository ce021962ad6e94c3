import { secretsArePreserved } from '../../integration/secrets/preserved.js';

secretsArePreserved(100, 3_600_000);
