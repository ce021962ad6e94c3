/** An entry of `secret_sources`, with what counts where it says nothing. */
export interface Settings {
  readonly use: string;
  readonly file: string;
  readonly interpolate: boolean;
}

/**
 * Takes what is right without the library of schemas, which every command that asks for secrets would load; undefined for what
 * settings.ts is to judge and find words for.
 */
export function usualSettings(value: Readonly<Record<string, unknown>>): Settings | undefined {
  const { use, file = '.env', interpolate = false, ...more } = value;
  if (typeof use !== 'string' || typeof file !== 'string' || typeof interpolate !== 'boolean') return undefined;
  return file === '' || Object.keys(more).length > 0 ? undefined : { use, file, interpolate };
}
