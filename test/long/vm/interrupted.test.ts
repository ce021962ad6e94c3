/** The other transport: test/integration/vm. */
import { describeInterrupted } from '../../support/interrupted-create.js';

describeInterrupted('api');
