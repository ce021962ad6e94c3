import type { TransportDescriptor } from '../../plugins/kit/src/index.js';
import apiHook from '../../plugins/transport-api/src/hook.js';
import sshHook from '../../plugins/transport-ssh/src/hook.js';
import type { Hooks } from '../../src/lib/providers/registry.js';

const answer = (name: string, type: string, result: unknown) => ({ plugin: { name, type }, result });

/** The hooks of a zebu with its own transports, and with one of somebody else. */
export function transportHooks(...others: readonly (readonly [plugin: string, TransportDescriptor])[]): Hooks {
  const runHook = async (event: string): Promise<unknown> => ({
    successes:
      event === 'zebu:transports'
        ? [
            answer('@zebu/plugin-transport-ssh', 'core', await sshHook()),
            answer('@zebu/plugin-transport-api', 'core', await apiHook()),
            ...others.map(([name, descriptor]) => answer(name, 'user', descriptor)),
          ]
        : [],
    failures: [],
  });
  return { runHook } as unknown as Hooks;
}
