import type { Hook } from '@oclif/core';
import { unknownCommand } from '../lib/cli/argv.js';

const hook: Hook.CommandNotFound = async function (options) {
  throw unknownCommand(options.id, options.config);
};

export default hook;
