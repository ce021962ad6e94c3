/** The other transport: test/long/vm. */
import { describeInterrupted } from '../../support/interrupted-create.js';

describeInterrupted('ssh');
