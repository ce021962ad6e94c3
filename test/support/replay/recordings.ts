import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../cli.js';

/** One command typed on a real Proxmox VE 9.2 node, and what it said. */
export interface Typed {
  /** `NNN-what`, in the order they were typed; `pNN-what` are single finds. */
  readonly name: string;
  readonly argv: readonly string[];
  /** Anything but zero is left over from whatever was done last: it means "not zero", and nothing more. */
  readonly rc: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms?: number;
  /** How long the whole stdout was, where it is shortened. */
  readonly stdoutBytes?: number;
  /** Why the answer is the recorder's own doing. The command is given all the same, for what comes after it. */
  readonly noEvidence?: string;
}

export type Who = 'expired' | 'root' | 'weak' | 'wrong-secret' | 'zebu';

/** One request to the REST API of that node. What was not recorded is left out. */
export interface Request {
  readonly name: string;
  readonly as: Who;
  /** A privilege that was taken away from the role before. */
  readonly without?: string;
  readonly method: string;
  readonly path: string;
  readonly params?: Readonly<Record<string, number | string>>;
  readonly status: number;
  readonly reason?: string;
  readonly answer?: unknown;
  /** How the task that the answer names ended. */
  readonly task?: { readonly exitstatus: string; readonly log?: readonly string[] };
}

/** What each call was answered with by somebody who has the role less one privilege. */
export interface Walk {
  /** null: the whole role. */
  readonly without: string | null;
  readonly answers: readonly { readonly call: string; readonly status?: number; readonly said?: string }[];
}

const read = <Line>(file: string): readonly Line[] =>
  readFileSync(join(ROOT, 'test/fixtures/pve', file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

export const typedCommands = (): readonly Typed[] => read('commands-9.2.jsonl');
export const restRequests = (): readonly Request[] => read('rest-9.2.jsonl');
export const privilegeWalks = (): readonly Walk[] => read('privileges-9.2.jsonl');
