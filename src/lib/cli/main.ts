import { Config, Errors, flush, run, settings } from '@oclif/core';
import {
  failure,
  hasStream,
  inActions,
  joined,
  jsonLine,
  printable,
  processConsole,
  shown,
  standard,
  toZebuError,
  withoutStreams,
  write,
} from '@zebu/kit/core';
import { helpAsFlag, joinTopic, mayNeedJoining } from './argv.js';
import { knownConfig, knownHelp } from './known-help.js';
import { ownCommand } from './own-command.js';

/** The hidden word that a shell's completion calls zebu with. */
const COMPLETE = '__complete';

/** The hidden word with which zebu starts itself as a detached process that the user does not wait for. */
const UPDATE = '__update';

/** Errors that reach the top were thrown outside a command: an unknown command, a broken hook, oclif itself. */
function report(thrown: unknown, args: readonly string[]): void {
  const error = toZebuError(thrown);
  const json = args.includes('--json');
  const io = processConsole(args, json);
  if (json) write(standard('stdout'), joined([jsonLine(failure(args[0] ?? '', error, [])), shown`\n`]));
  if (!json || io.events || inActions(process.env)) io.error(error);
  io.debug(() => (error.cause instanceof Error ? error.cause.stack : error.stack) ?? '');
  process.exitCode = error.oclif.exit;
}

/** Waits until what was written has left: process.exit alone would cut the result short in a pipe. */
async function drain(name: 'stderr' | 'stdout'): Promise<void> {
  if (!hasStream(name)) return;
  const stream = process[name];
  if (stream.destroyed) return;
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
}

/**
 * One run of zebu.
 * @param root folder of the package
 */
export async function main(args: string[], root: string): Promise<void> {
  // `zebu app:logs | head`: the reader has gone, which is no failure.
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  };
  withoutStreams((name, stream) => {
    if (name === 'stdout') stream.on('error', onError);
  });
  try {
    // A linked plugin is run as it was built. Without this oclif warns on every command that it cannot compile it.
    settings.enableAutoTranspile = false;
    if (args[0] === COMPLETE) {
      const { candidates, shown: answer } = await import('../complete/index.js');
      const config = (await knownConfig(root)) ?? (await Config.load(root));
      const zebu = process.argv[1] ?? '';
      write(standard('stdout'), printable(answer(await candidates(args.slice(1), config, zebu))));
      return;
    }
    if (args[0] === UPDATE) {
      const { refreshLatest } = await import('../update/ask.js');
      if (args[1] !== undefined) await refreshLatest(args[1], root);
      return;
    }
    const own = (await ownCommand(args, root)) ?? (await knownHelp(args, root));
    if (own === undefined)
      await run(helpAsFlag(mayNeedJoining(args) ? joinTopic(args, await Config.load(root)) : args), root);
    else await run(own.args, own.config);
    if (hasStream('stdout')) await flush();
  } catch (thrown) {
    if (thrown instanceof Errors.ExitError) process.exitCode = thrown.oclif.exit ?? 0;
    else if ((thrown as { skipOclifErrorHandling?: boolean }).skipOclifErrorHandling !== true) report(thrown, args);
  }
  await Promise.all([drain('stdout'), drain('stderr')]);
  process.exit();
}
