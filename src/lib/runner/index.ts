import { BRING_UP } from './bring-up.js';
import { BUILD_ARGS } from './build-args.js';
import { BUILD } from './build.js';
import { COMMIT } from './commit.js';
import { COMPOSE } from './compose.js';
import { CONFIG } from './config.js';
import { DATA } from './data.js';
import { DIGESTS } from './digests.js';
import { ENGINE } from './engine.js';
import { ENV_FILE } from './env-file.js';
import { FAIR } from './fair.js';
import { FILES } from './files.js';
import { FOLLOW_DATA } from './follow-data.js';
import { FRONT } from './front.js';
import { GAP } from './gap.js';
import { HALF_STARTED } from './half-started.js';
import { HOOKS } from './hooks.js';
import { IMAGES } from './images.js';
import { IN_FORCE } from './in-force.js';
import { IN_USE } from './in-use.js';
import { INTENT } from './intent.js';
import { JOURNAL } from './journal.js';
import { LINEWISE } from '../guest/linewise.js';
import { MAIN } from './main.js';
import { MASK_FUNCTION } from '../app-folder/secrets/masks.js';
import { MOUNTS } from './mounts.js';
import { PORTS } from './ports.js';
import { PREFLIGHT } from './preflight.js';
import { PROBES } from './probes.js';
import { PRUNE } from './prune.js';
import { RECEIVE } from './receive.js';
import { RECOVER } from './recover.js';
import { ROLLING } from './rolling.js';
import { SECRETS } from './secrets.js';
import { SOURCES } from './sources.js';
import { STANDING } from './standing.js';
import { START } from './start.js';
import { STRATEGY } from './strategy.js';
import { UNREAD } from './unread.js';
import { VERDICT } from './verdict.js';

/**
 * The program that carries a deploy out in the VM. POSIX sh and what every Debian or Ubuntu has; no agent, no daemon. It
 * is started with the app's lock open as descriptor 9, which the kernel frees with it, and outlives its client. Every
 * step goes to a journal of JSON lines; the client only reads that.
 *
 * Usage: runner MODE FOLDER ID RUN. MODE is deploy, rollback, secrets (another secret version for the live release),
 * recover (what FOLDER/transaction says was left open) or prune; RUN names the journal. FOLDER/releases/ID/plan is what
 * `planFile` writes.
 *
 * `runner start ...` is how a client starts it, see receive.ts.
 *
 * One file a concern, joined into one program: functions first, `main` last. No `${` in the parts: they are JavaScript
 * templates.
 */
export const RUNNER = [
  RECEIVE,
  START,
  LINEWISE,
  MASK_FUNCTION,
  JOURNAL,
  ENGINE,
  COMPOSE,
  ENV_FILE,
  CONFIG,
  UNREAD,
  INTENT,
  FAIR,
  VERDICT,
  PROBES,
  IMAGES,
  SOURCES,
  MOUNTS,
  DATA,
  FILES,
  DIGESTS,
  STANDING,
  IN_FORCE,
  BUILD,
  PREFLIGHT,
  STRATEGY,
  FRONT,
  ROLLING,
  GAP,
  PORTS,
  HALF_STARTED,
  BRING_UP,
  COMMIT,
  RECOVER,
  HOOKS,
  IN_USE,
  PRUNE,
  BUILD_ARGS,
  FOLLOW_DATA,
  SECRETS,
  MAIN,
].join('');
