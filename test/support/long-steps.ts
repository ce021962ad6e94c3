/** Steps of which each shows one kind of progress; ends itself in the midst of them, so that the terminal keeps what it shows. */
import { processConsole } from '@zebu/kit/core';
import { setTimeout as sleep } from 'node:timers/promises';
import { runSteps, type StepReport } from '../../src/lib/ui/steps.js';

const MEANWHILE_MS = 4300;

const shows: Readonly<Record<string, (report: StepReport) => void>> = {
  silent: () => {},
  waits: (report) => report.update('waiting for cloud-init, then asking Docker and Compose for their versions'),
  part: (report) => report.update('39% (1018.6 MiB of 2.5 GiB)', 0.39),
  lines: (report) => {
    for (const line of ['#5 [web 1/3] FROM docker.io/library/node:22', '#6 [web 2/3] COPY package.json .'])
      report.output(line);
  },
};

const io = processConsole(process.argv.slice(3));
const signal = new AbortController().signal;
await runSteps(io, signal, [
  {
    title: 'Send v1.2.0 (8dca540) to the VM',
    run: async (report) => report.done('3.8 KiB; secrets: API_KEY added (.env)'),
  },
  {
    title: 'Import the disk of the image',
    run: async (report) => {
      shows[process.argv[2] ?? '']?.(report);
      await sleep(MEANWHILE_MS);
      process.kill(process.pid, 'SIGKILL');
    },
  },
  { title: 'Prove Docker and Compose by running them', run: async () => {} },
]);
