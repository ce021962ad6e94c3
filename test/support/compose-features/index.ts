import { BUILD_ROWS, BUILD_ROWS_SAID } from './build-rows.js';
import type { Row } from './row.js';
import { SERVICE_ROWS } from './service-rows.js';
import { DEPLOY_ROWS, TOP_ROWS } from './top-rows.js';

export type { Row } from './row.js';
export { composeTable } from './table.js';

/** Every feature of the Compose specification; docs/apps.md has the same as a table. */
export const ROWS: readonly Row[] = [...SERVICE_ROWS, ...BUILD_ROWS, ...BUILD_ROWS_SAID, ...DEPLOY_ROWS, ...TOP_ROWS];
