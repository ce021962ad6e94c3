import { isZebuError, ZebuError } from '@zebu/kit';

/** Codes of errors that are no defect of the plugin: refusals of Proxmox, or what the person did. */
const NOT_THE_PLUGINS: ReadonlySet<string> = new Set(['PROXMOX_REFUSED', 'PROXMOX_FORBIDDEN', 'INTERRUPTED']);

/** What a plugin threw, with its name: an error of the contract stays what it is, any other is a defect of the plugin. */
export function blame(thrown: unknown, plugin: string): unknown {
  if (thrown instanceof Error && thrown.name === 'AbortError') return thrown;
  if (isZebuError(thrown)) {
    if (NOT_THE_PLUGINS.has(thrown.code) || thrown.message.includes(plugin)) return thrown;
    const { code, message, hint, details } = thrown;
    return new ZebuError(code, `${message} (from plugin ${plugin})`, { hint, details, cause: thrown });
  }
  const [line = ''] = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n', 1);
  return new ZebuError(
    'PROVIDER_BROKEN',
    `The plugin ${plugin} failed: ${line === '' ? 'it does not say why' : line}`,
    {
      hint: 'This is a defect of the plugin: update it (zebu plugins:update), or choose another (zebu providers).',
      cause: thrown,
    },
  );
}

/**
 * The same object, whose methods name the plugin in what they throw. Methods of the parts named in `parts`, too.
 * @param parts such as `hostShell`
 */
export function blamed<Provider extends object>(
  provider: Provider,
  plugin: string,
  parts: readonly string[] = [],
): Provider {
  const fail = (thrown: unknown): never => {
    throw blame(thrown, plugin);
  };
  return new Proxy(provider, {
    get: (target, name) => {
      // Called on the plugin's own object: private fields do not work through a proxy.
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value === 'object' && value !== null && parts.includes(String(name))) return blamed(value, plugin);
      if (typeof value !== 'function') return value;
      return (...args: readonly unknown[]): unknown => {
        try {
          const result: unknown = Reflect.apply(value, target, args);
          return result instanceof Promise ? result.catch(fail) : result;
        } catch (error) {
          return fail(error);
        }
      };
    },
  });
}
