/**
 * What a real node answered, asked of the lab again: status, reason phrase and shape of every answer must be the same.
 * Values that differ by nature (ids, times, sizes) are not compared; messages and exit statuses of tasks are.
 */
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownLabOnDisk, type OwnLab } from '../../support/own-lab.js';
import { lifeOfAVm, type Exchange } from '../../support/pve-fixtures.js';
import { adminAuth, pveRequest, type HttpAnswer } from '../../support/pve-http.js';
import { shapeOf } from '../../support/shape.js';

interface Gap {
  readonly what: string;
  readonly names: RegExp;
  readonly why: string;
}

/** What the lab does not do. Each is asked all the same: the day it is answered as recorded, it must come off the list. */
const NOT_IMPLEMENTED: readonly Gap[] = [
  {
    what: 'import-metadata',
    names: /^015-/,
    why: 'it reads archives of other hypervisors, and the lab imports disk images only',
  },
  { what: 'a snapshot with RAM', names: /^11[1-4]-/, why: 'namespaces have no RAM that could be saved' },
  { what: 'going back to a snapshot with RAM', names: /^13[5-8]-/, why: 'it was not taken' },
  { what: 'deleting it', names: /^15[6-9]-/, why: 'it was not taken' },
  { what: 'backups', names: /^40[1-9]-|^41[0-5]-/, why: 'vzdump writes an archive format of its own' },
];

/** Answers whose shape depends on the guest or on what the node did before, rather than on Proxmox. */
const DEPENDS: readonly { readonly names: RegExp; readonly drop: readonly string[]; readonly why: string }[] = [
  { names: /^020-/, drop: ['tokenid'], why: 'the recorder had also used the host shell, whose tasks have no token' },
  { names: /^(082|131|139)-/, drop: ['blockstat'], why: 'the counters are of the QEMU that runs the guest' },
  {
    names: /^092-/,
    drop: ['ip-addresses', 'statistics'],
    why: 'interfaces that are down have none, and which there are is the guest’s',
  },
  { names: /^095-/, drop: ['serial', 'total-bytes-privileged'], why: 'newer agents tell more, and disks differ' },
];

const EXCHANGES = lifeOfAVm();

let lab: OwnLab;
let weak = '';
/** What a request was answered with: the UPID, or the pid of a program in the guest. */
const answered = new Map<string, string>();

const auth = (exchange: Exchange): string | undefined => {
  const admin = adminAuth(lab.report);
  return {
    admin,
    weak,
    nobody: undefined,
    garbage: 'PVEAPIToken=garbage',
    'wrong-secret': admin.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    'unknown-token': admin.replace('!zebu=', '!nosuch='),
    'unknown-user': admin.replace('root@pam!zebu=', 'nobody@pve!x='),
  }[exchange.as];
};

/** The recorder's node had another network, and its UPIDs were its own. */
function translated(text: string): string {
  const subnet = lab.report.network.subnet.replace(/0\/24$/, '');
  return text
    .replaceAll('10.77.0.', subnet)
    .replace(/\{(\d{3}-[\w-]+)\}/g, (_, name: string) =>
      encodeURIComponent(answered.get(name) ?? `nothing of ${name}`),
    );
}

async function ask(exchange: Exchange): Promise<HttpAnswer> {
  const params =
    exchange.params === undefined
      ? undefined
      : (JSON.parse(translated(JSON.stringify(exchange.params))) as Record<string, number | string>);
  return pveRequest(lab.report, {
    method: exchange.method,
    path: translated(exchange.path),
    params,
    body: exchange.body,
    type: exchange.type,
    auth: auth(exchange),
  });
}

const data = ({ body }: HttpAnswer): Record<string, unknown> => (body as { data: Record<string, unknown> }).data;

async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 100) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`still not: ${what}`);
}

const admin = (method: string, path: string, params?: Record<string, string>): Promise<HttpAnswer> =>
  pveRequest(lab.report, { method, path, params, auth: adminAuth(lab.report) });

async function runTask(method: string, path: string, params?: Record<string, string>): Promise<void> {
  const { data: upid } = (await admin(method, path, params)).body as { data: string };
  await until(
    upid,
    async () => data(await admin('GET', `/nodes/vm/tasks/${encodeURIComponent(upid)}/status`))['status'] === 'stopped',
  );
}

const bootedUp = (): Promise<void> =>
  until('the agent answers', async () => (await admin('POST', '/nodes/vm/qemu/200/agent/ping')).status === 200);

/** What the recorder waited for or had made slow; a fast guest must be made to behave like it. */
const STAGE: Readonly<Record<string, () => Promise<void>>> = {
  // The recorder's guest had just begun to boot and heard nothing; this one may be up by now.
  '083-err-agent-ping-not-running': () => runTask('POST', '/nodes/vm/qemu/200/status/suspend'),
  '085-err-start-already-running': () => runTask('POST', '/nodes/vm/qemu/200/status/resume'),
  '090-agent-ping': bootedUp,
  // As before.
  '143-qemu-shutdown-timeout': () => runTask('POST', '/nodes/vm/qemu/200/status/suspend'),
  '182-qemu-shutdown-clean': bootedUp,
};

/** Temporary names of this run. */
const plain = (text: string): string => text.replace(/\S*\/nodeupload-[0-9a-f]+/g, '<upload>');

const dropping = (keys: readonly string[], value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, part: unknown) => (keys.includes(key) ? undefined : part)));

interface Task {
  status: string;
  exitstatus?: string;
}

interface LogLine {
  t: string;
}

/** What has to be equal. */
function told(name: string, { status, reason, body }: HttpAnswer): unknown {
  const { data: content, errors } = Object(body) as { data?: unknown; errors?: unknown };
  const dropped = DEPENDS.filter(({ names }) => names.test(name)).flatMap(({ drop }) => drop);
  const common = { status, reason: plain(reason), errors };
  if (name.endsWith('-task-running')) {
    // How far the task is by now is a matter of luck.
    const { exitstatus: _, ...task } = content as Task;
    return { ...common, shape: shapeOf(task) };
  }
  const shape = shapeOf(dropping(dropped, body));
  if (name.endsWith('-task-status')) return { ...common, shape, exitstatus: plain((content as Task).exitstatus ?? '') };
  if (name.endsWith('-task-log')) return { ...common, shape, last: plain((content as LogLine[]).at(-1)?.t ?? '') };
  return { ...common, shape };
}

/** Asks again what was recorded. @returns both answers, as far as they have to be equal */
async function replay(exchange: Exchange): Promise<{ is: unknown; was: unknown }> {
  const { name, status, reason, answer: body } = exchange;
  await STAGE[name]?.();
  let answer = await ask(exchange);
  if (/-task-status$|exec(-fail)?-status$/.test(name)) {
    await until('it has ended', async () => {
      const { status: state, exited } = Object(data(answer)) as { status?: string; exited?: number };
      if (state !== 'running' && exited !== 0) return true;
      answer = await ask(exchange);
      return false;
    });
  }
  const content = Object(answer.body) as { data?: unknown };
  if (typeof content.data === 'string') answered.set(name, content.data);
  const { pid } = Object(content.data) as { pid?: number };
  if (pid !== undefined) answered.set(name, String(pid));
  return { is: told(name, answer), was: told(name, { status, reason, body }) };
}

describe('the lab answers like a real Proxmox VE node', () => {
  beforeAll(async () => {
    lab = await ownLabOnDisk('recordings', '--node', 'vm');
    const { image } = lab.report;
    await runTask('POST', '/nodes/vm/storage/local/download-url', {
      content: 'import',
      filename: 'debian-12-test.qcow2',
      url: image.url,
      checksum: image.sha256 ?? '',
      'checksum-algorithm': 'sha256',
    });
    const token = data(await admin('POST', '/access/users/root@pam/token/weak'));
    weak = `PVEAPIToken=${String(token['full-tokenid'])}=${String(token['value'])}`;
  });
  afterAll(() => lab.down());

  for (const exchange of EXCHANGES) {
    const gap = NOT_IMPLEMENTED.find(({ names }) => names.test(exchange.name));
    if (gap === undefined) {
      it(exchange.name, async () => {
        const { is, was } = await replay(exchange);
        expect(is).toEqual(was);
      });
      continue;
    }
    const group = EXCHANGES.filter(({ name }) => gap.names.test(name));
    if (group[0] !== exchange) continue;
    it(`does without ${gap.what}: ${gap.why}`, async () => {
      const differing: string[] = [];
      for (const each of group) {
        const same = await replay(each).then(
          ({ is, was }) => isDeepStrictEqual(is, was),
          () => false,
        );
        if (!same) differing.push(each.name);
      }
      expect(differing).not.toEqual([]);
    });
  }
});
