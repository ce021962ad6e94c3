/** The life of one VM, as steps that a person would take. */
import type { Project } from './project.js';

export interface Step {
  /** What is shown by it. */
  readonly name: string;
  readonly argv: readonly string[];
  /** Before the step. */
  readonly prepare?: () => void;
  /** Exit statuses that are right; left out: 0. */
  readonly exits?: readonly number[];
  /** Interrupted (Ctrl-C) as soon as this is on stderr. */
  readonly interruptAt?: RegExp;
  /** What is wrong with the result, if anything. */
  readonly judge?: (result: never) => string | undefined;
  /** When it fails, what comes after it still makes sense. */
  readonly optional?: boolean;
  /** The step without which it makes none: left out when that failed. */
  readonly needs?: string;
}

interface Changed {
  readonly changed: boolean;
}

const unchanged = ({ changed }: Changed): string | undefined =>
  changed ? 'it changed something that was as it should be' : undefined;
const changed = (result: Changed): string | undefined => (result.changed ? undefined : 'it changed nothing');

const RULES = [5432, 6379, 9000].map((port) => ({ port, from: ['192.0.2.0/24'] }));

const SNAPSHOT = 'a snapshot';

const OUTCOME_UNKNOWN = 9;
const DIFFERS = 6;

/** @param backups the node has a storage that takes them */
export function lifeOf(project: Project, backups: boolean): readonly Step[] {
  const wanted = { firewall: { allow: RULES } };
  return [
    { name: 'what stands in the way', argv: ['doctor'] },
    { name: 'the plan', argv: ['vm:create', '--dry-run'] },
    {
      name: 'made, and interrupted on the way',
      argv: ['vm:create'],
      // The VM is there by then, and not yet as it should be.
      interruptAt: /- Boot until/,
      exits: [OUTCOME_UNKNOWN],
    },
    { name: 'made', argv: ['vm:create'] },
    { name: 'made again: nothing to do', argv: ['vm:create'], judge: unchanged },
    { name: 'its state', argv: ['vm:status'] },
    { name: 'as zebu.yml has it', argv: ['vm:diff', '--exit-code'] },
    {
      name: 'three firewall rules to be added',
      argv: ['vm:diff', '--exit-code'],
      prepare: () => project.configure(wanted),
      exits: [DIFFERS],
    },
    { name: 'three firewall rules added', argv: ['vm:apply'], judge: changed },
    { name: 'as zebu.yml has it, with them', argv: ['vm:diff', '--exit-code'] },
    { name: 'a command through the guest agent', argv: ['vm:exec', '--', 'true'] },
    { name: 'the app deployed', argv: ['app:deploy', '--tag', 'v1'], prepare: () => project.release('v1', 'one') },
    { name: 'the app deployed anew', argv: ['app:deploy', '--tag', 'v2'], prepare: () => project.release('v2', 'two') },
    { name: 'the app is up', argv: ['app:status'] },
    { name: 'the app back at the release before', argv: ['app:rollback'] },
    // Not every storage has them.
    { name: SNAPSHOT, argv: ['vm:snapshot:create', 'before', '--allow-freeze'], optional: true },
    { name: 'its list', argv: ['vm:snapshot:list'] },
    { name: 'back to the snapshot', argv: ['vm:snapshot:rollback', 'before', '--yes', '--start'], needs: SNAPSHOT },
    { name: 'the snapshot removed', argv: ['vm:snapshot:delete', 'before', '--allow-freeze'], needs: SNAPSHOT },
    ...(backups
      ? [
          { name: 'a backup', argv: ['vm:backup:create'] },
          { name: 'its list', argv: ['vm:backup:list'] },
          { name: 'the VM restored', argv: ['vm:backup:restore', 'latest', '--yes', '--start'] },
        ]
      : []),
    { name: 'a larger disk', argv: ['vm:resize', '--disk', '+1'] },
    { name: 'stopped', argv: ['vm:stop'], judge: changed },
    { name: 'stopped already', argv: ['vm:stop'], judge: unchanged },
    { name: 'started', argv: ['vm:start'], judge: changed },
    { name: 'restarted', argv: ['vm:restart'] },
    { name: 'the app is up again', argv: ['app:status'] },
    { name: 'removed', argv: ['vm:destroy', '--yes'], judge: changed },
    { name: 'not there any more', argv: ['vm:status'], exits: [DIFFERS] },
  ];
}
