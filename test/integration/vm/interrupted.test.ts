/** The other transport: test/long/vm. */
import { describeInterrupted } from './interrupted.js';

describeInterrupted('ssh');
