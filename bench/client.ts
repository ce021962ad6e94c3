/**
 * The commands that look into the VM over one connection, beside what a person types for the same: `ssh` with a connection of its
 * own, and Docker Compose there. What is compared is what this machine waits for and what its processors do.
 */
import { fileURLToPath } from 'node:url';
import { inApp } from './app.ts';
import { printRounds, spent } from './spent.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @param rounds of each @param others folders of other builds, which are measured beside this one */
export function benchClient(rounds: number, others: readonly string[]): Promise<void> {
  return inApp(({ cwd, alone }) => {
    const byHand = (line: string) => () => spent([...alone, line], cwd);
    const zebu = (checkout: string, command: string) => () =>
      spent([process.execPath, `${checkout}/bin/run.js`, command], cwd, { ZEBU_STATE_DIR: `${cwd}/state` });
    const builds = [
      { name: 'zebu', checkout: root },
      ...others.map((checkout) => ({ name: checkout.split('/').findLast((part) => part !== '') ?? '', checkout })),
    ];
    const [ps, logs] = ['ssh … docker compose ps', 'ssh … docker compose logs'];
    printRounds(
      'one connection',
      [
        { name: ps, once: byHand('docker compose -p bench ps') },
        { name: logs, once: byHand('docker compose -p bench logs'), over: ps },
        { name: 'ssh … true', once: byHand('true'), over: ps },
        ...builds.flatMap(({ name, checkout }) => [
          { name: `${name} app:status`, once: zebu(checkout, 'app:status'), over: ps, aim: 1.5 },
          { name: `${name} app:logs`, once: zebu(checkout, 'app:logs'), over: logs, aim: 1.5 },
        ]),
      ],
      rounds,
    );
  });
}
