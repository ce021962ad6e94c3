import { createHash } from 'node:crypto';
import { variables } from '@zebu/kit';
import { RECORD_FORMAT } from '../app-folder/drift.js';
import ASK_HEALTH from './ask-health.sh';
import BRING_UP from './bring-up.sh';
import BUILD_ARGS from './build-args.sh';
import BUILD_KEYS from './build-keys.sh';
import BUILD from './build.sh';
import COMMIT from './commit.sh';
import COMPOSE from './compose.sh';
import CONFIG from './config.sh';
import DATA from './data.sh';
import DIGESTS from './digests.sh';
import ENGINE from './engine.sh';
import ENV_FILE from './env-file.sh';
import EVENT from '../units/event.sh';
import FAIR from './fair.sh';
import FACTS from './facts.sh';
import FILES from './files.sh';
import FOLLOW_DATA from './follow-data.sh';
import FRONT from './front.sh';
import GAP from './gap.sh';
import HALF_STARTED from './half-started.sh';
import HOOKS from './hooks.sh';
import IMAGES from './images.sh';
import IN_FORCE from './in-force.sh';
import IN_USE from './in-use.sh';
import INTENT from './intent.sh';
import JOURNAL from './journal.sh';
import LINEWISE from '../guest/linewise.sh';
import MAIN from './main.sh';
import { DUMP_PROGRAMS, DUMP_SHELL, FILL_SHELL } from '../dumps/shell.js';
import DUMPS from './dumps.sh';
import RESTORE_DATA from './restore-data.sh';
import { MASK_FUNCTION } from '../app-folder/secrets/masks.js';
import MOUNTS from './mounts.sh';
import PORTS from './ports.sh';
import PREFLIGHT from './preflight.sh';
import PROBATION from './probation.sh';
import PROBES from './probes.sh';
import PROVE from './prove.sh';
import REMOVE_OLD from './remove-old.sh';
import RECALLED from './recalled.sh';
import REASON from './reason.sh';
import REHEARSE from './rehearse.sh';
import RECEIVE from './receive.sh';
import RECOVER from './recover.sh';
import REGISTRIES from './registries.sh';
import ROLLING from './rolling.sh';
import RUNS_ALREADY from './runs-already.sh';
import SECRETS from './secrets.sh';
import SOURCES from './sources.sh';
import STANDING from './standing.sh';
import START from './start.sh';
import STRATEGY from './strategy.sh';
import UNCHANGED from './unchanged.sh';
import UNREAD from './unread.sh';
import TEND from './tend.sh';
import VERDICT from './verdict.sh';

const PARTS = [
  RECEIVE,
  START,
  // A shell has no word for it, nor has every sed.
  variables({ esc: '\u001B' }),
  LINEWISE,
  MASK_FUNCTION,
  JOURNAL,
  REASON,
  ENGINE,
  COMPOSE,
  ENV_FILE,
  CONFIG,
  UNREAD,
  INTENT,
  FAIR,
  ASK_HEALTH,
  VERDICT,
  PROBES,
  IMAGES,
  SOURCES,
  MOUNTS,
  DATA,
  TEND,
  FILES,
  DIGESTS,
  STANDING,
  IN_FORCE,
  FACTS,
  RUNS_ALREADY,
  REGISTRIES,
  BUILD_KEYS,
  UNCHANGED,
  RECALLED,
  BUILD,
  PREFLIGHT,
  STRATEGY,
  FRONT,
  ROLLING,
  GAP,
  PORTS,
  HALF_STARTED,
  BRING_UP,
  variables({ record_format: RECORD_FORMAT }),
  EVENT,
  COMMIT,
  RECOVER,
  PROBATION,
  PROVE,
  REHEARSE,
  HOOKS,
  IN_USE,
  REMOVE_OLD,
  BUILD_ARGS,
  FOLLOW_DATA,
  SECRETS,
  DUMP_PROGRAMS,
  DUMP_SHELL,
  FILL_SHELL,
  DUMPS,
  RESTORE_DATA,
  MAIN,
].join('');

/** It knows itself by a digest: what another one has worked out may be another thing. */
const itself = variables({ runner_is: createHash('sha256').update(PARTS).digest('hex').slice(0, 16) });

/**
 * The program that carries a deploy out in the VM. POSIX sh and what every Debian or Ubuntu has; no agent, no daemon. It
 * is started with the app's lock open as descriptor 9, which the kernel frees with it, and outlives its client. Every
 * step goes to a journal of JSON lines; the client only reads that.
 *
 * Usage: runner MODE FOLDER ID RUN. MODE is deploy, rollback, secrets (another secret version for the live release), data (a dump restored into it),
 * recover (what FOLDER/transaction says was left open), prune, watch (the release that is on probation) or probation (what comes
 * of it when that fails), prove (whether the release that is live in a copy of the machine is well), prepare and rehearse (the halves of a rehearsal); RUN names the journal. FOLDER/releases/ID/plan is what
 * `planFile` writes.
 *
 * `runner start ...` is how a client starts it, see receive.sh.
 *
 * One file a concern, joined into one program: functions first, `main` last.
 */
export const RUNNER = ['#!/bin/sh\n', itself, PARTS].join('');
