import { table } from '../../ui/table.js';
import type { Planned } from './index.js';
import type { DeployPlan, PlannedService } from '../results.js';

/** Commits that are shown; `--json` has up to 50. */
const SHOWN = 10;

function commitLines({ commits, ahead, behind }: DeployPlan, previous: string | null): readonly string[] {
  if (previous === null) return ['the first release: there is nothing to go back to when it fails'];
  if (commits === null || ahead === null) return ['the live commit is not known here: what is new cannot be told'];
  const back = behind === null || behind === 0 ? [] : [`takes back ${behind} commits that are live`];
  if (ahead === 0) return [...back, back.length === 0 ? 'the same commit as the live release' : 'nothing new'];
  const shown = commits.slice(0, SHOWN).map(({ commit, subject }) => `  ${commit.slice(0, 7)} ${subject}`);
  const more = ahead > shown.length ? [`  ... and ${ahead - shown.length} more`] : [];
  return [...back, `${ahead} new ${ahead === 1 ? 'commit' : 'commits'}:`, ...shown, ...more];
}

const WORDS: Readonly<Record<PlannedService['change'], string>> = {
  added: 'start',
  'maybe-replaced': 'replace if its image changes',
  removed: 'remove',
  replaced: 'replace',
  unchanged: 'leave as it is',
};

function serviceRow(each: PlannedService, gaps: Planned['gaps']): readonly string[] {
  const forced = each.forced === null ? [] : [`cannot be rolled: it ${each.forced}`];
  const gap = gaps[each.service];
  return [
    each.service,
    WORDS[each.change],
    each.strategy ?? '-',
    gap === undefined ? '-' : `${gap} s`,
    [...each.reasons, ...forced].join('; '),
  ];
}

/** `app:deploy --dry-run` for people. */
export function planLines(
  { plan, previous, gaps }: Pick<Planned, 'gaps' | 'plan' | 'previous'>,
  width?: number,
): readonly string[] {
  const { secrets, settings, room, steps, deploying } = plan;
  return [
    ...(deploying === null ? [] : [`a deploy is running: ${deploying}`]),
    ...commitLines(plan, previous),
    '',
    ...table(
      ['SERVICE', 'CHANGE', 'HOW', 'GAP LAST TIME', 'WHY'],
      plan.services.map((each) => serviceRow(each, gaps)),
      width,
    ),
    '',
    ...(secrets.length === 0
      ? ['secrets: unchanged']
      : [`secrets: ${secrets.map(({ name, status }) => `${name} ${status}`).join(', ')}`]),
    ...settings.map(
      ({ name, value, status }) => `setting ${name}${value === null ? '' : ` = ${JSON.stringify(value)}`}: ${status}`,
    ),
    ...room.map(
      ({ what, availableMb, neededMb, remedy }) =>
        `${what}: ${availableMb} MiB of at least ${neededMb}${remedy === null ? '' : `: NOT ENOUGH: ${remedy}`}`,
    ),
    'steps:',
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
  ];
}
