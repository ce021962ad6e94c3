import { inject } from 'vitest';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';

/**
 * The lab of the tests of this file. Files that run beside each other have one each, so that none sees the machines, jobs and
 * settings of another.
 */
export function theLab(): LabReport {
  const labs = inject('labs');
  const lab = labs[(Number(process.env['VITEST_POOL_ID'] ?? 1) - 1) % labs.length];
  if (lab === undefined) throw new Error('there is no lab');
  return lab;
}
