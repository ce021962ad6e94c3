import { BRING_UP } from './bring-up.js';
import { BUILD } from './build.js';
import { COMMIT } from './commit.js';
import { COMPOSE } from './compose.js';
import { FRONT } from './front.js';
import { GAP } from './gap.js';
import { HOOKS } from './hooks.js';
import { IMAGES } from './images.js';
import { JOURNAL } from './journal.js';
import { MAIN } from './main.js';
import { MOUNTS } from './mounts.js';
import { PRUNE } from './prune.js';
import { ROLLING } from './rolling.js';
import { SECRETS } from './secrets.js';
import { START } from './start.js';
import { STRATEGY } from './strategy.js';
import { VERDICT } from './verdict.js';

/**
 * The program that carries a deploy out in the VM. POSIX sh and what every Debian or Ubuntu has; no agent, no daemon. It
 * is started with the app's lock open as descriptor 9, which the kernel frees with it, and outlives its client. Every
 * step goes to a journal of JSON lines; the client only reads that.
 *
 * Usage: runner MODE FOLDER ID, where MODE is deploy, rollback, or secrets (another secret version for the live release). FOLDER/releases/ID/plan sets, as shell words:
 *   project, folder (below the release, where the Compose files are), files (compose options), record (members of the
 *   history line), timeout, build_timeout, stability, keep, secrets (version file), hook (path below the folder), and for
 *   what is replaced without a gap strategy, strategies (service=strategy ...), drain, routes (services behind the front
 *   proxy), proxy_compose and proxy_config (texts of its files); for the build parallel (services at once, empty: all) and
 *   app_weight (CPU shares of the app meanwhile, 0: as they are).
 *
 * One file a concern, joined into one program: functions first, `main` last. No `${` in the parts: they are JavaScript
 * templates.
 */
export const RUNNER = [
  START,
  JOURNAL,
  COMPOSE,
  VERDICT,
  IMAGES,
  MOUNTS,
  BUILD,
  STRATEGY,
  FRONT,
  ROLLING,
  GAP,
  BRING_UP,
  COMMIT,
  HOOKS,
  PRUNE,
  SECRETS,
  MAIN,
].join('');
