import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Accel } from '../guest/qemu-argv.js';
import { withBlankDisk } from '../image/blank.js';
import { cachedImage } from '../image/index.js';
import type { Layout } from './layout.js';
import { readSettings } from './settings.js';
import type { LabReport } from './results.js';
import { labReport } from './up.js';

async function knownAccel(cacheDir: string): Promise<Accel | undefined> {
  try {
    return (JSON.parse(await readFile(join(cacheDir, 'accel.json'), 'utf8')) as { accel: Accel }).accel;
  } catch {
    return undefined;
  }
}

/** Undefined when there is no such lab. Builds and starts nothing. */
export async function labStatus(layout: Layout): Promise<LabReport | undefined> {
  const settings = await readSettings(layout.settings);
  if (settings === undefined) return undefined;
  const whole = await cachedImage(layout.cacheDir);
  const offersBlank = whole !== undefined && settings.guests === 'namespace' && existsSync(layout.blankDisk);
  const image = offersBlank ? await withBlankDisk(whole, layout.blankDisk) : whole;
  const accel = settings.guests === 'qemu' ? await knownAccel(layout.cacheDir) : undefined;
  return labReport(layout, settings, image, accel);
}
