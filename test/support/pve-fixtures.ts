import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './cli.js';

/** Who asked: tokens with all rights, with none, and the ways not to be let in. */
type Asker = 'admin' | 'garbage' | 'nobody' | 'unknown-token' | 'unknown-user' | 'weak' | 'wrong-secret';

/** One request to a real Proxmox VE node and its answer. */
export interface Exchange {
  readonly name: string;
  readonly as: Asker;
  readonly method: string;
  /** Without `/api2/json`; `{name}`, here and in `params`, stands for the UPID or pid that exchange was answered with. */
  readonly path: string;
  readonly params?: Readonly<Record<string, number | string>>;
  /** Sent as it is, in place of `params`. */
  readonly body?: string;
  /** Content type of `body`; a form when left out. */
  readonly type?: string;
  readonly status: number;
  readonly reason: string;
  /** Long lists are shortened. */
  readonly answer: unknown;
}

/** The conversation of one VM's life with Proxmox VE 8.4, in its order. */
export function lifeOfAVm(): readonly Exchange[] {
  return readFileSync(join(ROOT, 'test/fixtures/pve/life-of-a-vm.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Exchange);
}
