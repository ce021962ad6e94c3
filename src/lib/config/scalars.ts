import * as z from 'zod';
import { demand } from './demands.js';

export const port = z.int().min(1).max(65535);
export const seconds = z.number().positive().max(86_400);
export const serviceName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/, 'must be the name of a service');

/** Seconds, or with a unit: `90s`, `10m`, `2h`; at most a day, 0 is none. Variables and flags are text, numbers of YAML are not. */
export const duration = z
  .union([z.string(), z.number()])
  .refine(demand('duration'), { error: 'must be seconds, or as 90s, 10m, 2h, and at most a day' });

/** How old something may be: `90m`, `48h`, `30d`. */
export const age = z.string().regex(/^[1-9][0-9]{0,4}[smhd]$/, 'must be as 90m, 48h or 30d');
