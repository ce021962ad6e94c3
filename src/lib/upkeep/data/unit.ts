import { appLayout } from '../../app-folder/layout.js';
import type { Config } from '../../config/schema.js';
import { dumpSettings } from '../../dumps/settings.js';
import { dumpProgram } from '../../dumps/shell.js';
import type { Unit } from '../../units/unit.js';

type Dumped = Pick<Config, 'app' | 'data' | 'deploy' | 'vm'>;

/** Seconds a scheduled dump waits for a run, or another dump. */
const WAIT = 3600;

/** `02:30` as systemd has it; it takes the time alone for one of today, too, but says so less plainly. */
export const calendarOf = (schedule: string): string =>
  /^\d{1,2}:\d{2}$/.test(schedule) ? `*-*-* ${schedule.padStart(5, '0')}:00` : schedule;

/** Dumps by schedule; undefined where zebu.yml asks for none. It may do what a deploy may: data lies where only root reads. */
export function dataUnit(config: Dumped): Unit | undefined {
  const { data, app, vm } = config;
  if (data?.schedule === undefined) return undefined;
  const program = dumpProgram({
    project: app.name,
    base: appLayout(app.name).base,
    settings: dumpSettings(config),
    action: 'scheduled',
    why: 'schedule',
    who: 'zebu',
    from: vm.name ?? app.name,
    offsite: false,
    wait: WAIT,
  });
  return {
    name: 'data-dump',
    summary: 'Dump the data',
    program,
    start: { calendar: calendarOf(data.schedule) },
    limit: 86_400,
    rights: 'deploy',
    writes: ['data', 'events'],
  };
}
