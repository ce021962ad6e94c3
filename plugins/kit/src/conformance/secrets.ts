import assert from 'node:assert/strict';
import { isZebuError } from '../errors.js';
import type { SecretSource, SecretSourceFactory } from '../secrets.js';
import { recordingIo, type ConformanceCase } from './case.js';

export interface SecretSourceSubject {
  readonly factory: SecretSourceFactory;
  /** The entry of `secret_sources` less `use`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Folder relative paths are relative to. */
  readonly root: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Names the source has in this set-up, with their values; two at least. */
  readonly present: Readonly<Record<string, string>>;
  /** A name it does not have. */
  readonly absent: string;
  /** Settings with which opening or reading must fail, where there are such. */
  readonly broken?: Readonly<Record<string, unknown>>;
}

/** The contract of a secret source, as cases for any test runner. */
export function secretSourceCases(subject: SecretSourceSubject): readonly ConformanceCase[] {
  const { factory, present, absent, env = {} } = subject;
  const names = Object.keys(present);
  assert.ok(names.length >= 2, 'give two names at least that the source has');
  const open = async (
    settings = subject.settings ?? {},
    signal = new AbortController().signal,
  ): Promise<{ source: SecretSource; written: () => string }> => {
    const { io, written } = recordingIo();
    const source = await factory.open({
      io,
      signal,
      settings: { use: 'conformance', ...settings },
      root: subject.root,
      env: (name) => env[name] || undefined,
    });
    return { source, written };
  };
  const hasNoValue = (text: string): void => {
    for (const value of Object.values(present)) assert.ok(!text.includes(value), 'a value was written');
  };
  return [
    {
      name: 'says what it is and where it looks',
      run: async () => {
        const { source } = await open();
        assert.match(source.id, /\S/);
        assert.match(source.where, /\S/);
      },
    },
    {
      name: 'reads the values of the names it is asked for, exactly',
      run: async () => {
        const { source } = await open();
        const values = await source.read(names);
        for (const name of names)
          assert.ok(values.get(name)?.reveal() === present[name], `${name} is not as it was stored`);
      },
    },
    {
      name: 'leaves out what it does not have, and never invents a value',
      run: async () => {
        const { source } = await open();
        const values = await source.read([absent, ...names]);
        assert.equal(values.has(absent), false);
        assert.equal(values.size, names.length);
      },
    },
    {
      name: 'hands over nothing it was not asked for',
      run: async () => {
        const { source } = await open();
        const [first] = names;
        assert.deepEqual([...(await source.read(names.slice(0, 1))).keys()], [first]);
        assert.equal((await source.read([])).size, 0);
      },
    },
    {
      name: 'reads the same the second time',
      run: async () => {
        const { source } = await open();
        const once = [...(await source.read(names))].map(([name, value]) => [name, value.reveal()]);
        const twice = [...(await source.read(names))].map(([name, value]) => [name, value.reveal()]);
        assert.ok(JSON.stringify(once) === JSON.stringify(twice), 'the two readings differ');
      },
    },
    {
      name: 'shows no value: not in output, not when a value is printed by accident',
      run: async () => {
        const { source, written } = await open();
        const values = await source.read(names);
        hasNoValue(written());
        for (const value of values.values()) hasNoValue(`${String(value)} ${JSON.stringify(value)}`);
        hasNoValue(source.where);
      },
    },
    {
      name: 'comes to an end when the user has interrupted',
      run: async () => {
        const reading = open(undefined, AbortSignal.abort(new Error('interrupted'))).then(({ source }) =>
          source.read(names),
        );
        const late = new Promise<never>((_, reject) => {
          setTimeout(() => reject(new assert.AssertionError({ message: 'it went on for 5 s' })), 5000).unref();
        });
        await Promise.race([reading.catch(() => undefined), late]);
      },
    },
    ...(subject.broken === undefined
      ? []
      : [
          {
            name: 'says in one line what is wrong, without a value',
            run: async (): Promise<void> => {
              let thrown: unknown;
              try {
                const { source } = await open(subject.broken);
                await source.read(names);
              } catch (error) {
                thrown = error;
              }
              assert.ok(isZebuError(thrown), 'expected a ZebuError');
              assert.doesNotMatch(thrown.message, /\n/);
              hasNoValue(`${thrown.message} ${thrown.hint ?? ''} ${JSON.stringify(thrown.details ?? {})}`);
            },
          },
        ]),
  ];
}
