import { OF_BUILDS } from './build-edits.js';
import { OF_PATHS } from './path-edits.js';
import type { EditRow } from './row.js';
import { OF_SERVICES } from './service-edits.js';
import { STANDING } from './standing-edits.js';

export const EDITS: readonly EditRow[] = [...OF_BUILDS, ...OF_SERVICES, ...STANDING, ...OF_PATHS];
