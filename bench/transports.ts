/**
 * What SSH costs beside the API: the same commands on the same node over both, in turn. Over SSH a run has a connection to
 * make and a ticket to have made; pvesh, which is not asked any more, costs as much a start as on a real node, and the Perl
 * that makes the ticket as much of it as was measured there. An answer of the API takes as long as on a quiet node of 9.2,
 * whose answers to reading took 21 to 192 ms when they were recorded.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabReport } from '../plugins/lab/src/instance/results.ts';
import { median } from './spent.ts';
import { configuration, inLab, zebu } from './lab.ts';
import { measureCreate, own } from './vm-create.ts';

const AIM = 1.2;

/** Milliseconds; half of those recorded took less. */
const ANSWER_MS = 45;

type TransportId = 'api' | 'ssh';

const RULES = [5432, 6379, 9000].map((port) => ({ port, from: ['192.0.2.0/24'] }));

/** zebu.yml with three rules more, or without. */
function configure(lab: LabReport, cwd: string, transport: TransportId, rules: boolean): void {
  const { vm, ...rest } = JSON.parse(configuration(lab, transport)) as { vm: object };
  const firewall = { allow: rules ? RULES : [] };
  writeFileSync(join(cwd, 'zebu.yml'), JSON.stringify({ ...rest, vm: { ...vm, firewall } }));
}

const COMMANDS: Readonly<Record<string, { readonly argv: readonly string[]; readonly changesRules?: boolean }>> = {
  doctor: { argv: ['doctor', '--json'] },
  'vm:status': { argv: ['vm:status', '--json'] },
  'vm:diff': { argv: ['vm:diff', '--json'] },
  'vm:apply (three firewall rules)': { argv: ['vm:apply', '--json'], changesRules: true },
};

/** The same over both, in turn: the one that comes first has the colder caches, so each is first every other time. */
function inTurn(
  rounds: number,
  measure: (transport: TransportId, round: number) => number,
): Record<TransportId, number> {
  const seconds: Record<TransportId, number[]> = { api: [], ssh: [] };
  for (let round = 0; round < rounds; round++) {
    for (const transport of round % 2 === 0 ? (['api', 'ssh'] as const) : (['ssh', 'api'] as const))
      seconds[transport].push(measure(transport, round));
  }
  return { api: median(seconds.api), ssh: median(seconds.ssh) };
}

function print(name: string, { api, ssh }: Record<TransportId, number>): void {
  const ratio = ssh / api;
  console.log(
    `${name.padEnd(32)} API ${api.toFixed(2)} s  SSH ${ssh.toFixed(2)} s  ${ratio.toFixed(2)}x  aim <= ${AIM}x  ${ratio <= AIM ? 'met' : 'MISSED'}`,
  );
}

/** @param rounds of each command over each transport */
export function benchTransports(rounds: number): Promise<void> {
  return inLab(
    (lab, cwd, labState) => {
      configure(lab, cwd, 'api', false);
      // The first fetches the image, which a run downloads once and for all.
      zebu(['vm:create'], cwd);
      console.log(`\nSSH beside the API, medians of ${rounds} rounds in turn`);
      let rules = false;
      for (const [name, { argv, changesRules }] of Object.entries(COMMANDS)) {
        const seconds = inTurn(rounds, (transport) => {
          if (changesRules === true) rules = !rules;
          configure(lab, cwd, transport, rules);
          return zebu(argv, cwd).seconds;
        });
        print(name, seconds);
      }
      zebu(['vm:destroy', '--yes'], cwd);
      const creation = inTurn(rounds, (transport) => {
        configure(lab, cwd, transport, false);
        return own(measureCreate(cwd, labState));
      });
      print("vm:create, zebu's own time", creation);
    },
    ['--answer-time', String(ANSWER_MS)],
  );
}
