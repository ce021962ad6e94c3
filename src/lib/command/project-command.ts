import { join } from 'node:path';
import { Flags } from '@oclif/core';
import { exits, type Ending, type Exits } from '@zebu/kit';
import { ZebuCommand } from '@zebu/kit/command';
import type { Context } from '../context/context.js';
import { systemClock } from '../context/context.js';

/** How a command can end that reads zebu.yml and asks Proxmox or the VM. */
export const ON_THE_HOST: readonly Ending[] = ['configuration', 'unreachable', 'proxmox', 'precondition'];

/** A command about one app and its VM: finds and loads zebu.yml, and makes the Context everything else runs on. */
export abstract class ProjectCommand<Result> extends ZebuCommand<Result> {
  static override exits: Exits = exits(ON_THE_HOST);
  static override baseFlags = {
    ...ZebuCommand.baseFlags,
    config: Flags.string({
      description: 'Configuration file. Default: zebu.yml here or above.',
      env: 'ZEBU_CONFIG',
      helpGroup: 'GLOBAL',
    }),
    env: Flags.string({ description: 'Environment: overlays zebu.<env>.yml.', env: 'ZEBU_ENV', helpGroup: 'GLOBAL' }),
    set: Flags.string({
      description: 'Set any configuration key, as in --set vm.cores=4.',
      multiple: true,
      multipleNonGreedy: true,
      helpGroup: 'GLOBAL',
    }),
  };

  /**
   * @param flags the parsed flags of this command
   * @param settings further `key=value` settings that flags of this command stand for
   */
  protected async context(
    flags: { config?: string | undefined; env?: string | undefined; set?: string[] | undefined },
    settings: readonly { text: string; flag: string }[] = [],
  ): Promise<Context> {
    const { loadConfig } = await import('../config/load.js');
    const loaded = await loadConfig({
      cwd: process.cwd(),
      file: flags.config,
      overlay: flags.env,
      env: process.env,
      settings: [...(flags.set ?? []).map((text) => ({ text, flag: '--set' })), ...settings],
      installed: async () => (await import('../providers/installed.js')).installedTransports(this.config),
      warn: (line) => this.io.warn(line),
    });
    let transport: ReturnType<Context['transport']> | undefined;
    // Node makes the first signal of a process out of modules that a command without a wait has no use for.
    const signal = (): AbortSignal => this.signal;
    const context: Context = {
      config: loaded.config,
      loaded,
      root: loaded.root,
      io: this.io,
      get signal() {
        return signal();
      },
      clock: systemClock,
      env: (name) => process.env[name] || undefined,
      oclif: this.config,
      stateDir: process.env['ZEBU_STATE_DIR'] || join(this.config.dataDir, 'state'),
      transport: () => {
        transport ??= this.#connect(context);
        return transport;
      },
      setForcedExitError: (error) => this.setForcedExitError(error),
      onClose: (close) => this.onClose(close),
    };
    return context;
  }

  async #connect(context: Context): ReturnType<Context['transport']> {
    const { connectTransport } = await import('../providers/connect.js');
    const [transport] = await Promise.all([
      connectTransport(context),
      import('../proxmox/client.js').then(({ prepareClient }) => prepareClient()),
    ]);
    this.onClose(() => transport.close());
    return transport;
  }
}
