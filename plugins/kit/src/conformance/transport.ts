import assert from 'node:assert/strict';
import { isZebuError, type ErrorCode } from '../errors.js';
import { sh } from '../quote.js';
import type { Transport, TransportFactory } from '../transport.js';
import { recordingIo, type ConformanceCase } from './case.js';

export interface TransportSubject {
  readonly factory: TransportFactory;
  /** The `proxmox` section that reaches a Proxmox VE node; `zebu lab:up` makes one. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Settings with which the peer refuses the login. */
  readonly refused: Readonly<Record<string, unknown>>;
  /** Settings with which nobody answers. */
  readonly unreachable: Readonly<Record<string, unknown>>;
  /** A credential that must never be shown, where there is one as text. */
  readonly secret?: string;
}

/** The contract of a transport, as cases for any test runner. Reads only, but for one file in /tmp of the host. */
export function transportCases(subject: TransportSubject): readonly ConformanceCase[] {
  const { factory, env = {} } = subject;
  const connect = (
    settings: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
    io = recordingIo().io,
  ): Promise<Transport> =>
    factory.connect({
      io,
      signal,
      settings,
      env: (name) => env[name] || undefined,
      origin: (key) => `settings.${key}`,
    });

  /** Runs with an open transport, and closes it. */
  const using = async (check: (transport: Transport, abort: AbortController) => Promise<void>): Promise<void> => {
    const abort = new AbortController();
    const transport = await connect(subject.settings, abort.signal);
    try {
      await check(transport, abort);
    } finally {
      await transport.close();
    }
  };
  const get = (transport: Transport, path: string, params?: Record<string, unknown>): Promise<unknown> =>
    transport.doRequest('GET', path, path, params);

  const rejects = async (
    doing: Promise<unknown>,
    codes: readonly ErrorCode[],
  ): Promise<Readonly<Record<string, unknown>>> => {
    let thrown: unknown;
    try {
      await doing;
    } catch (error) {
      thrown = error;
    }
    assert.ok(isZebuError(thrown), `expected a ZebuError, got ${String(thrown)}`);
    assert.ok(codes.includes(thrown.code), `expected ${codes.join(' or ')}, got ${thrown.code}: ${thrown.message}`);
    assert.doesNotMatch(thrown.message, /\n/, 'a message is one line');
    if (subject.secret !== undefined)
      assert.ok(!JSON.stringify([thrown.message, thrown.hint, thrown.details]).includes(subject.secret));
    return thrown.details ?? {};
  };
  /** A peer may refuse on connecting or on the first request. */
  const firstRequest = async (settings: Readonly<Record<string, unknown>>): Promise<void> => {
    const transport = await connect(settings, new AbortController().signal);
    try {
      await get(transport, '/version');
    } finally {
      await transport.close();
    }
  };
  return [
    {
      name: 'says what it is and where it leads',
      run: () =>
        using(async ({ id, where }) => {
          assert.match(id, /\S/);
          assert.match(where, /\S/);
        }),
    },
    {
      name: "returns the data of Proxmox's answer",
      run: () =>
        using(async (transport) => {
          const data = (await get(transport, '/version')) as { version?: unknown };
          assert.match(String(data.version), /^\d+\.\d+/);
        }),
    },
    {
      name: 'takes paths with /api2/json before them, too',
      run: () =>
        using(async (transport) => {
          const [short, long] = [await get(transport, '/version'), await get(transport, '/api2/json/version')];
          assert.deepEqual(short, long);
        }),
    },
    {
      name: 'sends parameters',
      run: () =>
        using(async (transport) => {
          const rows = (await get(transport, '/cluster/resources', { type: 'node' })) as { type: string }[];
          assert.ok(rows.length > 0, 'there is no node');
          assert.ok(rows.every(({ type }) => type === 'node'));
        }),
    },
    {
      name: 'answers several requests at once, each with its own',
      run: () =>
        using(async (transport) => {
          const [version, nodes] = await Promise.all([get(transport, '/version'), get(transport, '/nodes')]);
          assert.ok(!Array.isArray(version) && Array.isArray(nodes));
        }),
    },
    {
      name: 'keeps what Proxmox says of a refusal, with the request it belongs to',
      run: () =>
        using(async (transport) => {
          const [node] = (await get(transport, '/nodes')) as { node: string }[];
          const path = `/nodes/${node?.node ?? ''}/qemu/999999/config`;
          const details = await rejects(get(transport, path), ['PROXMOX_REFUSED']);
          assert.equal(details['method'], 'GET');
          assert.match(String(details['path']), /999999/);
        }),
    },
    {
      name: 'claims nothing of the end of a task that it did not see',
      run: () =>
        using(async (transport) => {
          const upid = 'UPID:elsewhere:00000001:00000001:6B04DAF0:qmstart:100:root@pam:';
          assert.ok(transport.endedWell?.(upid) !== true);
        }),
    },
    {
      name: 'says what concerns it in one line each, with what to do',
      run: () =>
        using(async (transport) => {
          await get(transport, '/version');
          for (const { what, remedy } of (await transport.concerns?.()) ?? []) {
            assert.match(what, /^\S.*$/);
            assert.match(remedy, /^\S.*$/);
          }
        }),
    },
    {
      name: 'where VMs are reached through the host: says how one logs in there, and whose key is known',
      run: () =>
        using(async ({ jumpHost }) => {
          if (jumpHost === undefined) return;
          assert.match(jumpHost.host, /^[^\s-]\S*$/);
          assert.ok(jumpHost.knownHosts.length > 0, 'no file of known host keys');
        }),
    },
    {
      name: 'stops waiting when the user interrupts',
      run: () =>
        using(async (transport, abort) => {
          abort.abort(new Error('interrupted'));
          const late = new Promise<never>((_, reject) => {
            setTimeout(() => reject(new assert.AssertionError({ message: 'it went on for 5 s' })), 5000).unref();
          });
          await Promise.race([
            get(transport, '/version').then(
              () => undefined,
              () => undefined,
            ),
            late,
          ]);
        }),
    },
    {
      name: 'can be closed twice',
      run: async () => {
        const transport = await connect(subject.settings, new AbortController().signal);
        await get(transport, '/version');
        await transport.close();
        await transport.close();
      },
    },
    {
      name: 'says AUTH_FAILED when the peer refuses the login',
      run: async () => {
        await rejects(firstRequest(subject.refused), ['AUTH_FAILED']);
      },
    },
    {
      name: 'says UNREACHABLE when nobody answers',
      run: async () => {
        await rejects(firstRequest(subject.unreachable), ['UNREACHABLE']);
      },
    },
    {
      name: 'shows no credential, in debug output neither',
      run: async () => {
        const { io, written } = recordingIo();
        const transport = await connect(subject.settings, new AbortController().signal, io);
        await get(transport, '/version');
        await transport.close();
        if (subject.secret !== undefined) assert.ok(!written().includes(subject.secret), 'the credential was written');
      },
    },
    {
      name: 'where it has a shell on the host: hands words over as they are, and status, output and input',
      run: () =>
        using(async ({ hostShell }) => {
          if (hostShell === undefined) return;
          const word = 'a b $HOME \'"; echo no';
          const said = await hostShell.exec(['printf', '%s', word]);
          assert.deepEqual([said.code, said.stdout], [0, word]);
          const failed = await hostShell.exec(['sh', '-c', sh`cat; echo why >&2; exit 3`], { stdin: 'in' });
          assert.deepEqual([failed.code, failed.stdout, failed.stderr.trim()], [3, 'in', 'why']);
        }),
    },
    {
      name: 'where it has a shell on the host: uploads whole files with their mode',
      run: () =>
        using(async ({ hostShell }) => {
          if (hostShell === undefined) return;
          const path = `/tmp/zebu-conformance-${process.pid}`;
          try {
            await hostShell.upload(path, 'two\nlines\n', 0o600);
            const { stdout } = await hostShell.exec(['sh', '-c', 'stat -c %a "$1"; cat "$1"', 'sh', path]);
            assert.equal(stdout, '600\ntwo\nlines\n');
          } finally {
            await hostShell.exec(['rm', '-f', path]);
          }
        }),
    },
  ];
}
