/** The other transport: test/integration/vm. */
import { describeInterrupted } from '../../integration/vm/interrupted.js';

describeInterrupted('api');
