import { ZebuError } from '@zebu/kit';
import * as z from 'zod';
import type { Settings } from './usual-settings.js';

const settingsSchema = z.strictObject({
  use: z.string(),
  file: z.string().min(1).default('.env'),
  interpolate: z.boolean().default(false),
});

/** @throws CONFIG_INVALID */
export function parseSettings(value: unknown): Settings {
  const settings = settingsSchema.safeParse(value);
  if (settings.success) return settings.data;
  const [issue] = settings.error.issues;
  throw new ZebuError('CONFIG_INVALID', `secret_sources: dotenv: ${issue?.message ?? 'invalid settings'}`);
}
