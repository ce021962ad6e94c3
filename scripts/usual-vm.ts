/**
 * What stands for a VM while usual-commands.ts looks which functions are called: an SSH server on this machine that takes any key and
 * answers as a VM would in which one service runs. It runs nothing.
 */
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type * as ssh2 from 'ssh2';

// As ES modules the names are not found.
const { Server, utils } = createRequire(import.meta.url)('ssh2') as typeof ssh2;

const RELEASE = '20261130T050000Z-1a2b3c4';
const json = (values: Readonly<Record<string, unknown>>): string => JSON.stringify(values);

const record = json({
  id: RELEASE,
  ref: 'v1',
  kind: 'tag',
  commit: '1'.repeat(40),
  subject: 'one',
  who: 'Ada',
  from: 'laptop',
  started: 1,
  seconds: 1,
  verdict: 'live',
});
const container = json({
  service: 'web',
  oneoff: 'False',
  name: '/usual-web-1',
  state: 'running',
  health: 'healthy',
  exit: 0,
  oom: false,
  restarts: 0,
  started: '2026-11-30T05:00:00.1Z',
  image: 'web',
  imageId: 'sha256:1',
  hash: '1',
  check: true,
  policy: 'no',
  ports: { '8080/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }] },
  bindings: { '8080/tcp': [{ HostIp: '', HostPort: '8080' }] },
  pid: 1,
});

const STATUS = [
  `current=releases/${RELEASE}`,
  'link=live',
  `record=${record}`,
  `live=${record}`,
  `container=${container}`,
  'intent=web serves',
];

const step = (name: string, state: string, detail = ''): string => json({ t: 1, step: name, state, detail });
const JOURNAL = [
  'alive=1',
  `previous=releases/${RELEASE}`,
  'started',
  step('check', 'begin'),
  step('build', 'begin'),
  json({ step: 'build', line: '#1 DONE 0.1s' }),
  step('build', 'done'),
  step('start-up', 'begin'),
  json({ step: 'start-up', line: ' Container usual-web-1  Started' }),
  step('start-up', 'done', 'web'),
  step('verify', 'begin'),
  step('verify', 'wait', 'web to be healthy'),
  step('verify', 'done'),
  step('commit', 'begin'),
  step('prune', 'done', '1 old releases removed'),
  json({ t: 1, end: 'live', step: 'prune', seconds: 1, cause: '', reason: '', gaps: { web: 1 }, ports: '' }),
];
const LOGS = ['usual-web-1 web', '', 'web-1  | GET /', 'web-1  | GET /'];

/** What a command of zebu is answered, by what it is; a deploy hands its script to a shell that waits for one. */
const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  'app:status': STATUS,
  'app:logs': LOGS,
  'app:deploy': [`have=${'1'.repeat(40)}`, `current=releases/${RELEASE}`],
};

function answer(line: string, lines: readonly string[], channel: ssh2.ServerChannel): void {
  const say = (words: readonly string[]): void => void channel.write(words.map((word) => `${word}\n`).join(''));
  const end = (): void => {
    channel.exit(0);
    channel.end();
  };
  channel.on('data', () => {});
  say(lines);
  if (!line.includes('read -r size')) return end();
  say(['surveyed=0']);
  channel.once('end', () => {
    say(JOURNAL);
    end();
  });
}

export interface UsualVm {
  readonly port: number;
  /** Its public key, as a line. */
  readonly hostKey: string;
  /** A private key, as a file has it. */
  readonly identity: string;
  /** The command of zebu that is answered next. */
  expect(command: string): void;
  close(): void;
}

export async function usualVm(): Promise<UsualVm> {
  const host = utils.generateKeyPairSync('ed25519');
  let lines: readonly string[] = [];
  const server = new Server({ hostKeys: [host.private] }, (client: ssh2.Connection) => {
    client.on('authentication', (authentication) => authentication.accept());
    client.on('error', () => {});
    client.on('session', (accept) => accept().on('exec', (start, _, { command }) => answer(command, lines, start())));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    hostKey: host.public,
    identity: utils.generateKeyPairSync('ed25519').private,
    expect: (command) => (lines = ANSWERS[command] ?? []),
    close: () => void server.close(),
  };
}
