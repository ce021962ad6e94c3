import { execFile } from 'node:child_process';
import { Sensitive, ZebuError, type SecretSourceContext, type SecretSourceFactory } from '@zebu/kit';

interface Settings {
  /** Argv; `{name}` stands for the secret's name. */
  readonly command: readonly string[];
  /** What the command says on stderr for a name it does not have. */
  readonly missing: RegExp;
}

const SHOWN = '`command: [pass, show, "shop/{name}"]`';

function parse({ command, missing = 'not in the password store' }: Readonly<Record<string, unknown>>): Settings {
  const words: unknown[] = Array.isArray(command) ? command : [];
  if (words.length === 0 || !words.every((word) => typeof word === 'string') || !words.some((word) => word.includes('{name}'))) {
    throw new ZebuError('CONFIG_INVALID', 'secret_sources: `command` takes a list of words, one of them with {name}', {
      hint: `As in ${SHOWN}`,
    });
  }
  if (typeof missing !== 'string') throw new ZebuError('CONFIG_INVALID', 'secret_sources: `missing` takes a text');
  return { command: words, missing: new RegExp(missing) };
}

interface Said {
  readonly failed: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

function run(file: string, args: readonly string[], context: SecretSourceContext): Promise<Said> {
  return new Promise((resolve, reject) => {
    const options = { cwd: context.root, signal: context.signal, timeout: 60_000, maxBuffer: 1 << 20 };
    execFile(file, args, options, (error, stdout, stderr) => {
      if (error?.code === 'ENOENT') {
        reject(
          new ZebuError('CREDENTIAL_MISSING', `secret_sources: there is no command ${file} on this machine`, {
            hint: `Install ${file}, or take the source out of secret_sources.`,
          }),
        );
      } else resolve({ failed: error !== null, stdout, stderr });
    });
  });
}

/** Reads each secret by running a command. What it prints is the value, less the newline at the end. */
export const factory: SecretSourceFactory = {
  open: async (context) => {
    const { command, missing } = parse(context.settings);
    const [file = '', ...args] = command;
    const read = async (name: string): Promise<readonly [string, Sensitive] | undefined> => {
      const said = await run(
        file,
        args.map((word) => word.replaceAll('{name}', () => name)),
        context,
      );
      if (!said.failed) return [name, new Sensitive(said.stdout.replace(/\r?\n$/, ''))];
      if (missing.test(said.stderr)) return undefined;
      // What it printed may hold anything, so it is not repeated.
      throw new ZebuError('CREDENTIAL_MISSING', `secret_sources: ${file} failed for ${name}`, {
        hint: `Run it by hand to see why: ${command.join(' ').replaceAll('{name}', () => name)}`,
      });
    };
    return {
      id: 'command',
      where: `the command ${file}`,
      read: async (names) => {
        const values = new Map<string, Sensitive>();
        // One after another: such commands may ask for a passphrase, and only one can.
        for (const name of names) {
          const found = await read(name);
          if (found !== undefined) values.set(...found);
        }
        return values;
      },
    };
  },
};
