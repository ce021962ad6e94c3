import * as z from 'zod';

export const port = z.int().min(1).max(65535);
export const seconds = z.number().positive().max(86_400);
