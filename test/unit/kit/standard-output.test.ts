/** What is written without a stream arrives as it does with one, in the order in which it was written. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const core = fileURLToPath(new URL('../../../plugins/kit/dist/core.js', import.meta.url));
const program = (body: string): readonly string[] => [
  '--input-type=module',
  '-e',
  `import { hasStream, standard, withoutStreams } from ${JSON.stringify(core)};
  const made = [];
  withoutStreams((name) => made.push(name));
  const out = standard('stdout');
  ${body}`,
];

/** What it writes into a pipe of the shell; those of Node are sockets. */
const piped = (body: string): string =>
  spawnSync('sh', ['-c', '"$0" "$@" | cat', process.execPath, ...program(body)], { encoding: 'utf8' }).stdout;

function fifo(): string {
  const path = join(folder, 'fifo');
  rmSync(path, { force: true });
  spawnSync('mkfifo', [path]);
  return path;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'zebu-output-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('stdout without a stream', () => {
  it('makes none for a file or a pipe, and is no terminal', () => {
    const body = `out.write(JSON.stringify([hasStream('stdout'), made, out.isTTY]));`;
    const whole = [false, [], false];
    expect(JSON.parse(piped(body))).toEqual(whole);
    const file = join(folder, 'file');
    const fd = openSync(file, 'w');
    spawnSync(process.execPath, program(body), { stdio: ['ignore', fd, 'inherit'] });
    closeSync(fd);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(whole);
  });

  it('goes through the stream from the moment that somebody has it', () => {
    const body = `
      out.write('one ');
      console.log('two');
      const write = process.stdout.write.bind(process.stdout);
      process.stdout.write = (text, ...rest) => write(String(text).toUpperCase(), ...rest);
      out.write('three ');
      standard('stdout').write(made.join());`;
    for (const stdout of [piped(body), spawnSync(process.execPath, program(body), { encoding: 'utf8' }).stdout])
      expect(stdout).toBe('one two\nTHREE STDOUT');
  });

  it('does not wait for who reads slowly, and loses nothing', async () => {
    const body = `
      const wrote = [out.write('x'.repeat(1_000_000)), out.write('end')];
      process.stderr.write(JSON.stringify(wrote));`;
    const path = fifo();
    const fd = openSync(path, 'r+');
    const child = spawn(process.execPath, program(body), { stdio: ['ignore', fd, 'pipe'] });
    // It says so while nobody has read anything.
    const said = await new Promise<string>((resolve) => child.stderr?.once('data', (data) => resolve(String(data))));
    const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.once('exit', () => closeSync(fd));
    expect(JSON.parse(said)).toEqual([false, false]);
    let read = '';
    for await (const data of reader.stdout) read += String(data);
    expect(read).toBe(`${'x'.repeat(1_000_000)}end`);
  });

  it('tells the stream where nobody reads any more', async () => {
    const body = `
      process.on('uncaughtException', ({ code }) => { console.error(code); process.exit(3); });
      process.stdin.once('data', () => out.write('x'));
      console.error('ready');`;
    const path = fifo();
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(path, 'w');
    const child = spawn(process.execPath, program(body), { stdio: ['pipe', writer, 'pipe'] });
    closeSync(writer);
    const said = (): Promise<string> =>
      new Promise((resolve) => child.stderr?.once('data', (data) => resolve(String(data))));
    expect(await said()).toBe('ready\n');
    closeSync(reader);
    child.stdin?.write('go');
    expect(await said()).toBe('EPIPE\n');
  });
});
