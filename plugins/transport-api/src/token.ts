import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { Sensitive, ZebuError, type TransportContext } from '@zebu/kit';
import type { ApiSettings } from './settings.js';

export interface ApiToken {
  /** `user@realm!name`. */
  readonly id: string;
  readonly secret: Sensitive;
}

/** `user@realm!name=secret`; `where` names the place it came from, and the value never appears. */
function parseToken(text: string, where: string): ApiToken {
  const match = /^([^\s!@=:]+@[A-Za-z0-9._-]+![A-Za-z0-9._-]+)=([0-9A-Fa-f-]{36})$/.exec(text.trim());
  const [, id, secret] = match ?? [];
  if (id === undefined || secret === undefined) {
    throw new ZebuError('CREDENTIAL_MISSING', `${where} does not hold a token of the form user@realm!name=uuid`, {
      hint: 'Proxmox shows it once, when the token is made: pveum user token add <user>@<realm> <name>',
    });
  }
  // Proxmox compares the secret as text, and makes it in lower case.
  return { id, secret: new Sensitive(secret.toLowerCase()) };
}

async function readTokenFile(file: string): Promise<string> {
  const path = file.startsWith('~/') ? `${homedir()}${file.slice(1)}` : file;
  try {
    const { mode } = await stat(path);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new ZebuError('CREDENTIAL_MISSING', `${file} can be read by others (mode ${(mode & 0o777).toString(8)})`, {
        hint: `chmod 600 ${file}`,
      });
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (error instanceof ZebuError) throw error;
    throw new ZebuError('CREDENTIAL_MISSING', `The token file ${file} cannot be read (${code ?? 'error'})`, {
      cause: error,
    });
  }
}

/** From the variable `token_env` names, else from `token_file`; never from a flag, which others could see. */
export async function readToken(settings: ApiSettings, context: TransportContext): Promise<ApiToken> {
  const fromEnv = context.env(settings.token_env);
  if (fromEnv !== undefined) return parseToken(fromEnv, settings.token_env);
  if (settings.token_file !== undefined)
    return parseToken(await readTokenFile(settings.token_file), settings.token_file);
  throw new ZebuError(
    'CREDENTIAL_MISSING',
    `No API token: ${settings.token_env} is not set and there is no proxmox.token_file`,
    {
      hint: 'docs/setup.md shows how to make a token with the privileges zebu needs.',
    },
  );
}
