import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { isZebuError, Sensitive, ZebuError } from '@zebu/kit';
import { expand } from '../config/expand.js';
import { describeOrigin } from '../config/layers.js';
import type { Context } from '../context/context.js';
import { GitProgram } from '../repository/git-program.js';
import { judgeCertificate } from './judge.js';
import { certificatesIn } from './pem.js';

/** The certificate of the front proxy, as `app.proxy.tls` names it. */
export interface ProxyCertificate {
  /** 16 hex digits, by which the VM knows it. */
  readonly id: string;
  /** Chain and key, one PEM. */
  readonly text: Sensitive;
  readonly domains: readonly string[];
  readonly until: Date;
  /** Sentences about `cert_file`, which they begin with. */
  readonly warnings: readonly string[];
}

function refused(context: Context, key: string, file: string, why: string, hint: string): ZebuError {
  return new ZebuError('CONFIG_INVALID', `${describeOrigin(context.loaded.origin(key))}: \`${key}\`: ${file} ${why}`, {
    hint,
    details: { key, file },
  });
}

async function readNamed(context: Context, key: string, file: string, hint: string): Promise<string> {
  return readFile(expand(file, context.root), 'utf8').catch((error: unknown) => {
    throw refused(context, key, file, `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`, hint);
  });
}

/** A key that everybody with the repository or on the machine can read is not one. @throws SECRET_EXPOSED */
async function guardKey(context: Context, file: string): Promise<void> {
  const path = expand(file, context.root);
  const git = new GitProgram(dirname(path), context.signal).within(dirname(path));
  const listed = await git.run(['ls-files', '--error-unmatch', '--', basename(path)]).catch((error: unknown) => {
    if (isZebuError(error)) return { code: 1 };
    throw error;
  });
  if (listed.code === 0)
    throw new ZebuError('SECRET_EXPOSED', `${file} is tracked by git, so the key goes wherever the repository goes`, {
      hint: `git rm --cached ${file} && echo ${file} >> .gitignore, commit, and get a certificate with a new key.`,
      details: { file, problem: 'tracked' },
    });
  const { mode } = await stat(path);
  // Windows has no such bits. A group is what ACME clients give keys to.
  if (process.platform !== 'win32' && (mode & 0o007) !== 0)
    throw new ZebuError('SECRET_EXPOSED', `${file} can be read by everybody on this machine`, {
      hint: `chmod 600 ${file}`,
      details: { file, problem: 'mode', mode: (mode & 0o777).toString(8).padStart(4, '0') },
    });
}

/**
 * Reads and judges the files that `app.proxy.tls` names; undefined where it names none.
 * @throws CONFIG_INVALID naming key, file and what is wrong with it; SECRET_EXPOSED
 */
export async function readProxyCertificate(context: Context): Promise<ProxyCertificate | undefined> {
  const { proxy } = context.config.app;
  if (typeof proxy?.tls !== 'object' || !('cert_file' in proxy.tls)) return undefined;
  const { cert_file: certFile, key_file: keyFile } = proxy.tls;
  const place = 'Give it as it is called here, relative to zebu.yml. In CI a step before has to write it.';
  const certificate = await readNamed(context, 'app.proxy.tls.cert_file', certFile, place);
  const key = await readNamed(context, 'app.proxy.tls.key_file', keyFile, place);
  context.io.mask(key.trim());
  await guardKey(context, keyFile);
  const judged = judgeCertificate({ certificate, key, domains: proxy.domains, now: context.clock.now() });
  if ('why' in judged)
    throw refused(
      context,
      `app.proxy.tls.${judged.file}`,
      judged.file === 'cert_file' ? certFile : keyFile,
      judged.why,
      judged.hint,
    );
  return {
    id: createHash('sha256').update(judged.text).digest('hex').slice(0, 16),
    text: new Sensitive(judged.text),
    domains: proxy.domains,
    until: judged.until,
    warnings: judged.warnings.map((warning) => `${certFile} ${warning}`),
  };
}

/**
 * A file of authorities: what signed the certificate of a server.
 * @param key of the configuration, for messages
 * @returns PEM. @throws CONFIG_INVALID
 */
export async function readAuthority(context: Context, key: string, file: string): Promise<string> {
  const hint = 'It is the certificate of the authority in PEM, not that of the server itself.';
  const found = certificatesIn(await readNamed(context, key, file, hint));
  if (found === undefined) throw refused(context, key, file, 'holds no certificate that can be read', hint);
  if (found.length === 0) throw refused(context, key, file, 'holds no certificate', hint);
  return found.map(({ text }) => text).join('\n');
}
