import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ZebuError } from '@zebu/kit';
import * as z from 'zod';
import type { ScriptPin } from '../../results.js';

export const SCRIPT = 'vm/docker-vm.sh';

/** The script, and everything it sources or shows at run time. */
export const SCRIPT_FILES = [
  SCRIPT,
  'misc/api.func',
  'misc/vm-core.func',
  'misc/cloud-init.func',
  'misc/error_handler.func',
  'vm/headers/docker',
] as const;

export const UPSTREAM = {
  repository: 'community-scripts/ProxmoxVE',
  /** `{ref}` is a commit or a branch. */
  raw: 'https://raw.githubusercontent.com/community-scripts/ProxmoxVE/{ref}',
  head: 'https://api.github.com/repos/community-scripts/ProxmoxVE/commits/main',
  branch: 'main',
} as const;

/** What zebu was tried with. */
export const BUILT_IN_PIN: ScriptPin = {
  commit: '8386465a927ac72f518d1c54ce21fe3c2df03407',
  recorded: '2026-08-08',
  files: {
    'vm/docker-vm.sh': 'fcc741d3ee6b956fd8a6c05c7a10fe9d130e3c734a34c950f6f0a831b53e1448',
    'misc/api.func': '8beac6d809dd449e94a59d23bf015d48e3aee079c34b1fefb678782e5d65bdad',
    'misc/vm-core.func': '9583871e6a578662f1959ac922db35fa1241f7d3f6c55cafcf304f8518e0836f',
    'misc/cloud-init.func': '45d260a67c9b1cf03b53c889cd00b9310194ea3e9df060645526e3c924a767d7',
    'misc/error_handler.func': '2bf0af36fa79f176a0a326974e1c96d9e7130d047f12bdf19c05481fb1bfedc2',
    'vm/headers/docker': '10b1d96fc625bc19a8494f1d7f43dcdefc19da4160c4a71e777aee1ce7812b46',
  },
};

/** Beside zebu.yml, to be committed with it: a pin of one's own, as `vm:script --update` records it. */
export const PIN_FILE = 'zebu.script.json';

const sum = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hex');

const pinSchema = z.strictObject({
  commit: z
    .string()
    .regex(/^[0-9a-f]{40}$/, 'must be a full commit id')
    .nullable(),
  recorded: z.iso.date(),
  files: z.strictObject(Object.fromEntries(SCRIPT_FILES.map((path) => [path, sum]))),
});

export interface FoundPin {
  readonly pin: ScriptPin;
  /** For messages: `zebu.script.json` or `zebu itself`. */
  readonly where: string;
}

/** @throws CONFIG_INVALID when the file beside zebu.yml is not a pin */
export function parsePin(text: string): ScriptPin {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new ZebuError('CONFIG_INVALID', `${PIN_FILE}: is not JSON`, {
      hint: 'Restore it from git, or remove it to use the version zebu was tried with.',
    });
  }
  const parsed = pinSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ZebuError('CONFIG_INVALID', `${PIN_FILE}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`, {
    hint: 'Record it anew with `zebu vm:script --update`, or remove it to use the version zebu was tried with.',
  });
}

/** The pin beside zebu.yml, else the one zebu was tried with. */
export async function loadPin(root: string): Promise<FoundPin> {
  let text: string;
  try {
    text = await readFile(join(root, PIN_FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { pin: BUILT_IN_PIN, where: 'zebu itself' };
    throw new ZebuError('CONFIG_INVALID', `${PIN_FILE}: cannot be read`, { cause: error });
  }
  return { pin: parsePin(text), where: PIN_FILE };
}

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Paths whose content is not the pinned one. */
export function mismatches(pin: ScriptPin, files: ReadonlyMap<string, Buffer>): readonly string[] {
  return SCRIPT_FILES.filter((path) => {
    const content = files.get(path);
    return content === undefined || sha256(content) !== pin.files[path];
  });
}
