import { createServer as createTcp } from 'node:net';
import { describe, expect, it } from 'vitest';
import { quote } from '@zebu/kit';
import { runnerApp, said, seen } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const probing = (line: string, { timeout = 0 } = {}): string =>
  `probe_about() { probe_name=${quote('a "probe"')} probe_timeout=${timeout} probe_interval=0; }
probe() { ${line}; }
`;

describe.each(vmShells())("the app's own probes, in $name", { timeout: 60_000 }, (shell) => {
  const curl = (status: string, body: string, exit = 0): Readonly<Record<string, string>> => ({
    '-s -S': `while [ "$1" != -o ]; do shift; done\nprintf '%s' ${quote(body)} >"$2"\n${exit === 0 ? '' : `echo "curl: (${exit}) refused" >&2\n`}printf '%s' '${status}'\nexit ${exit}`,
  });

  it('judge the status and the text of an answer, and say first what was wrong', () => {
    const app = runnerApp(shell);
    const tell = (line: string): string => `${line} >"$work/out"; echo "$? $(head -n 1 "$work/out")"\n`;
    const url = 'http://127.0.0.1/a?b=c&d';
    app.program('curl', curl('200', 'all -e "well" $(id)'));
    const good = app.run(
      tell(`probe_http '${url}' '' '' ''`) +
        tell(`probe_http '${url}' '200,204' '-e "well" $(id)' 1`) +
        tell(`probe_http '${url}' 204 '' ''`) +
        tell(`probe_http '${url}' '' 'none' ''`),
    );
    expect(good.lines).toEqual([
      ...['0 ', '0 ', '1 status 200 instead of 204', '1 status 200, but the answer does not contain the text'],
    ]);
    expect(good.calls.map((argv) => [argv.includes('-k'), argv.at(-1)])).toEqual([
      ...[false, true, false, false].map((insecure) => [insecure, url]),
    ]);
    app.program('curl', curl('502', 'bad gateway'));
    expect(app.run(tell(`probe_http '${url}' '' '' ''`)).lines).toEqual(['1 status 502 instead of 2xx or 3xx']);
    app.program('curl', curl('000', '', 7));
    expect(app.run(tell(`probe_http '${url}' '' '' ''`)).lines).toEqual(['1 curl: (7) refused']);
  });

  it('ask in a container that runs, with every argument as it is', () => {
    const app = runnerApp(shell);
    app.docker({ 'exec shop-web-1': 'echo "not yet"; exit 3' });
    const { lines, calls } = app.run(`cat >"$work/now" <<'E'
${seen({ service: 'web' })}
${seen({ service: 'job', state: 'exited' })}
E
probe_command web sh -c 'a "b" $(id)' ''; echo "$?"; probe_command job true; echo "$?"`);
    expect(lines).toEqual(['not yet', 'exit status 3', '1', 'job is not running', '1']);
    expect(calls).toEqual([['docker', 'exec', 'shop-web-1', 'sh', '-c', 'a "b" $(id)', '']]);
  });

  it('are repeated for as long as they may take, and fail with what the last attempt saw', () => {
    const app = runnerApp(shell);
    const { lines, journal } = app.run(`probes=2; : >"$work/now"
echo '${seen({ service: 'web' })}' >"$work/now"
${probing('n=$((n + 1)); [ $n -ge 3 ]', { timeout: 5 })}n=0; check_probes; echo "$? after $n"
${probing('echo "status \\"500\\""; echo body; false')}check_probes || echo "$cause: $reason [$bad]"
${probing('false')}check_probes || echo "$reason"`);
    expect(lines).toEqual([
      '0 after 4',
      'probe-failed: the probe a "probe" failed for 0 s: status "500" [shop-web-1 ]',
      'the probe a "probe" failed for 0 s: no answer',
    ]);
    expect(said(journal)).toEqual(expect.arrayContaining(['what a "probe" answered', 'status "500"', 'body']));
  });

  it('reach a port, or say which they did not', async () => {
    const app = runnerApp(shell);
    const server = createTcp(() => undefined);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    // The kernel answers for it while this process waits for the shell.
    const { lines } = app.run(
      `probe_tcp 127.0.0.1 ${port}; echo "$?"; probe_tcp 127.0.0.1 1 | tail -n 1; probe_tcp 'x;id' 1 | tail -n 1`,
    );
    server.close();
    expect(lines).toEqual(['0', 'no connection to 127.0.0.1:1', 'no connection to x;id:1']);
  });
});

describe.each(vmShells())('what only the client can do, in $name', { timeout: 60_000 }, (shell) => {
  it('is asked for in the journal, and its answer is taken once', () => {
    const app = runnerApp(shell);
    app.write('client.run2', 'failed\nhttps://x: status "502"\nmore\n');
    const { lines, journal } = app.run(
      'client_wait=5; ask_client || echo "$cause: $reason"; ls "$base/client.run2" 2>/dev/null || echo gone',
    );
    expect(lines).toEqual(['probe-failed: https://x: status "502" more ', 'gone']);
    expect(journal.at(-1)).toMatchObject({ step: 'client-probe', state: 'begin', detail: '5' });
    app.write('client.run2', 'ok\n');
    expect(app.run('snapshot_wait=5; ask_snapshot; echo "$?"').lines).toEqual(['0']);
  });

  it('is asked for the snapshot before migrations where a dump is made before them, too', () => {
    const app = runnerApp(shell);
    const asked = 'previous=r1 dump_when=migrations snapshot_when=migrations snapshot_wait=5; ask() { echo asked; }';
    const both = `${asked}; ask_snapshot; ! wants_dump || echo dumped`;
    expect(app.run(both).lines).toEqual([]);
    app.write('releases/r2/intents', 'web stays\nmigrate awaited\n');
    expect(app.run(both).lines).toEqual(['asked', 'dumped']);
    app.write('releases/r2/intents', 'web stays\n');
    expect(app.run(`release_service=web; ${both}`).lines).toEqual(['asked', 'dumped']);
  });

  it('holds up nobody where it may be missing, and everything where it may not', () => {
    const app = runnerApp(shell);
    const { lines } = app.run(`clock() { clock=$((clock + 9)); }; sleep() { :; }; clock=0
client_wait=3; ask_client; echo "$? $remark_cause"
snapshot_wait=3; ask_snapshot || echo "$cause: $reason"
client_wait=0 snapshot_wait=0; ask_client && ask_snapshot; echo "$?"`);
    expect(lines).toEqual([
      '0 client-gone',
      'snapshot-missing: nobody took the snapshot of the VM: the client went away',
      '0',
    ]);
  });
});
