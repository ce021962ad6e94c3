/** Plays recordings against a node and gives what has to be the same of both. */
import { holds, kinds, stdoutOf, jsonPart } from './compare.js';
import type { Replayed, Said } from './node-9.2.js';
import { restRequests, typedCommands, type Request, type Typed } from './recordings.js';
import { typed } from './typed.js';

export type Step = { readonly command: Typed } | { readonly request: Request };

const COMMANDS = typedCommands();
const REQUESTS = restRequests();

const number = ({ name }: { readonly name: string }): number => Number(/\d+/.exec(name)?.[0]);
const isSingle = ({ name }: { readonly name: string }): boolean => name.startsWith('p');

/** Of the commands with these numbers, and without the single finds. */
const commands = (from: number, to: number): readonly Step[] =>
  COMMANDS.filter((each) => !isSingle(each) && number(each) >= from && number(each) <= to).map((command) => ({
    command,
  }));
const request = (name: string): Step => {
  const found = REQUESTS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no recording ${name}`);
  return { request: found };
};

/**
 * In which order things happened on that node, by the times in its tasks: some of it side by side, and numbered by what it
 * was about.
 */
export function lifeOf(): readonly Step[] {
  return [
    ...['p11-create-shell', 'p13-vm-config-after', 'p12-import-and-cloudinit', 'p10-agent-not-running-takes-3s'].map(
      request,
    ),
    ...['p14-fw-rules', 'p15-snapshot-running-status', 'p16-snapshot-list-with-snapstate'].map(request),
    ...['p17-vzdump-failed-task', 'p05-401-bad-token', 'p06-401-expired-token'].map(request),
    ...['p07-weak-token-resources', 'p08-weak-token-node-status', 'p09-node-time-500'].map(request),
    ...['p18-missing-vm-firewall-options', 'p19-prune-without-datastore-allocate'].map(request),
    ...['p20-import-without-vm-config-cdrom', 'p21-resize-without-datastore-allocatespace'].map(request),
    ...['p22-vzdump-without-vm-backup', 'p23-rollback-privileges'].map(request),
    ...commands(1, 45),
    ...commands(47, 190),
    ...commands(401, 473),
    ...commands(46, 46),
    ...commands(191, 254),
    ...REQUESTS.filter((each) => !isSingle(each)).map((each) => ({ request: each })),
    ...commands(255, 399),
    ...commands(501, 509),
    ...commands(701, 721),
    ...commands(601, 610),
    ...COMMANDS.filter(isSingle).map((command) => ({ command })),
  ];
}

export const nameOf = (step: Step): string => ('command' in step ? step.command.name : step.request.name);

/** Of a task, and of a program in a guest. */
const IDS = [/UPID:\w+:[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:\w+:[^:]*:[^:\s"]+:/, /"pid"\s?:\s?(\d+)/];
const ARCHIVE = /vzdump-qemu-\d+-\d{4}_\d\d_\d\d-\d\d_\d\d_\d\d/g;
const upidIn = (text: string): string | undefined => IDS[0]?.exec(text)?.[0];

export interface Played {
  readonly is: unknown;
  readonly was: unknown;
}

/** What has to be the same of a command. */
const ofCommand = ({ rc, stdout, stderr }: Said): unknown => ({
  ended: rc === 0 ? 'well' : 'badly',
  ...stdoutOf(stdout),
  stderr: typed(stderr),
});

export class Replay {
  readonly #node: Replayed;
  /** Ids that recorded answers gave → those of the lab, for what names them later. */
  readonly answered = new Map<string, string>();

  constructor(node: Replayed) {
    this.#node = node;
  }

  async play(step: Step): Promise<Played> {
    if ('command' in step) return this.#type(step.command);
    const { without } = step.request;
    if (without === undefined) return this.#send(step.request);
    await this.#node.setRole(without);
    try {
      return await this.#send(step.request);
    } finally {
      await this.#node.setRole();
    }
  }

  #here(text: string): string {
    return [...this.answered].reduce((part, [recorded, here]) => part.replaceAll(recorded, here), text);
  }

  #remember(recorded: string, here: string): void {
    for (const pattern of IDS) {
      const [was, is] = [pattern.exec(recorded), pattern.exec(here)].map((found) => found?.[1] ?? found?.[0]);
      if (was !== undefined && is !== undefined) this.answered.set(was, is);
    }
    // Of backups, whose names tell when they were made: the first of a VM is the first of it here.
    const [was, is] = [recorded, here].map((text) => [...new Set(text.match(ARCHIVE))].toSorted());
    for (const name of was ?? []) {
      if (this.answered.has(name)) continue;
      const taken = new Set(this.answered.values());
      const same = is?.find((each) => !taken.has(each) && each.split('-')[2] === name.split('-')[2]);
      if (same !== undefined) this.answered.set(name, same);
    }
  }

  async #type(command: Typed): Promise<Played> {
    const said = await this.#node.type({ ...command, argv: command.argv.map((word) => this.#here(word)) });
    this.#remember(command.stdout, said.stdout);
    if (command.stdoutBytes === undefined) return { is: ofCommand(said), was: ofCommand(command) };
    // Shortened: what is there of it has to be in what the lab said.
    const part = kinds(jsonPart(command.stdout));
    const answer = kinds(jsonPart(said.stdout.trimEnd()));
    return { is: holds(answer, part) ? part : answer, was: part };
  }

  /** @returns how it ended, and those lines of its log that were recorded */
  async #endOf(upid: string, recorded: readonly string[] | undefined): Promise<unknown> {
    const task = `/nodes/${this.#node.lab.node}/tasks/${upid}`;
    for (;;) {
      const { status, exitstatus } = (await this.#node.ask('GET', `${task}/status`)) as Record<string, string>;
      if (status === 'running') {
        await new Promise((resolve) => setTimeout(resolve, 50));
        continue;
      }
      const log = (await this.#node.ask('GET', `${task}/log`, { limit: '0' })) as { t: string }[];
      return {
        exitstatus,
        ...(recorded && { log: recorded.filter((line) => log.some(({ t }) => typed(t) === typed(line))) }),
      };
    }
  }

  async #send(asked: Request): Promise<Played> {
    const answer = await this.#node.send({ ...asked, path: this.#here(asked.path) });
    this.#remember(JSON.stringify(asked.answer ?? ''), JSON.stringify(answer.body));
    const was: Record<string, unknown> = { status: asked.status };
    const is: Record<string, unknown> = { status: answer.status };
    if (asked.reason !== undefined) [was['reason'], is['reason']] = [typed(asked.reason), typed(answer.reason)];
    if (asked.answer !== undefined) [was['answer'], is['answer']] = [kinds(asked.answer), kinds(answer.body)];
    const upid = upidIn(JSON.stringify(answer.body));
    const end = upid === undefined ? 'none' : await this.#endOf(upid, asked.task?.log);
    if (asked.task !== undefined) [was['task'], is['task']] = [asked.task, end];
    return { is, was };
  }
}
