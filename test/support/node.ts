import { join } from 'node:path';
import { followTask, localApi, type LocalParams } from '../../plugins/lab/src/host/local-api.js';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';

/** The lab's node as its administrator: what a test prepares or looks at behind zebu's back. */
export interface Node {
  /** One request as root; a task it starts is waited for. @throws when refused, or when the task fails */
  ask<Answer>(method: string, path: string, params?: Readonly<Record<string, string>>): Promise<Answer>;
}

export function nodeOf(lab: LabReport): Node {
  const socket = join(lab.stateDir, 'control.sock');
  return {
    ask: async <Answer>(method: string, path: string, params: Readonly<Record<string, string>> = {}) => {
      const list: LocalParams = Object.entries(params);
      const answer = await localApi(socket, method, path, list);
      const exit = await followTask(socket, answer, () => {});
      if (exit !== undefined && exit !== 'OK') throw new Error(`${method} ${path}: ${exit}`);
      return answer as Answer;
    },
  };
}
