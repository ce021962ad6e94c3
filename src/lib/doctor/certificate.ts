import { X509Certificate } from 'node:crypto';
import { variables } from '@zebu/kit';
import { covers, dayOf, endText, namesOf, nearEnd, timeProblem } from '../certificate/judge.js';
import { readProxyCertificate } from '../certificate/read.js';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { fail, ok, skip, warn, type Check, type Finding } from './check.js';
import SERVED from './served.sh';

const LOGS = 'Caddy says why it has no other: zebu app:logs zebu-proxy --grep tls';
const DEPLOY = 'Put it in force: zebu app:deploy --tag <tag>';

async function lookAtFiles(context: Context): Promise<Finding> {
  const found = await readProxyCertificate(context);
  if (found === undefined) return skip('none is named');
  if (found.warnings.length > 0) return warn(found.warnings.join('; '), 'Get a new one, and deploy.');
  return ok(`good for ${found.domains.join(', ')} until ${dayOf(found.until)}`);
}

/** What is typed into a browser where the configuration has a `*`. */
const example = (domain: string): string => domain.replace(/^\*/, 'www');

/** @param pem what is shown. @param file of `cert_file`: what should be */
export function servedFinding(pem: string, domain: string, file: string | undefined, now: Date): Finding {
  const shown = new X509Certificate(pem);
  const problem = timeProblem(shown, now);
  const said = `the certificate that is shown for ${domain}`;
  if (problem !== undefined) return fail('TLS_UNTRUSTED', `${said} ${problem}`, file === undefined ? LOGS : DEPLOY);
  if (!covers(namesOf(shown), domain))
    return warn(`${said} is for ${namesOf(shown).join(', ') || 'no name'}`, file === undefined ? LOGS : DEPLOY);
  if (file !== undefined && new X509Certificate(file).fingerprint256 !== shown.fingerprint256)
    return warn(`${said} is another one than the file has, and ends on ${dayOf(shown.validToDate)}`, DEPLOY);
  const days = nearEnd(shown, now);
  if (days !== undefined) return warn(`${said} ${endText(shown, days)}, and was not renewed`, LOGS);
  return ok(`${domain} is shown one that is good until ${dayOf(shown.validToDate)}`);
}

async function lookAtServed(context: Context): Promise<Finding> {
  const { proxy } = context.config.app;
  const [domain = ''] = proxy?.domains ?? [];
  const { session } = await openGuest(context);
  const { stdout } = await session.exec(
    { line: variables({ name: example(domain), port: proxy?.https_port ?? 443 }) + SERVED },
    { signal: context.signal, timeoutMs: 20_000 },
  );
  if (stdout.trim() === 'no-openssl') return skip('there is no openssl in the VM to ask with');
  if (stdout.trim() === '') return skip(`nobody shows one for ${domain} yet`);
  // A file that is no good has been reported by the check of the files.
  const file = await readProxyCertificate(context).catch(() => undefined);
  return servedFinding(stdout, domain, file?.text.reveal(), context.clock.now());
}

/** Where `app.proxy.tls` names files: whether they will do. */
export function certificateChecks(context: Context): readonly Check[] {
  const tls = context.config.app.proxy?.tls;
  if (typeof tls !== 'object' || !('cert_file' in tls)) return [];
  return [{ id: 'certificate', needs: ['config'], run: () => lookAtFiles(context) }];
}

/** Where the front proxy has certificates: what it shows, and until when. */
export function servedChecks(context: Context): readonly Check[] {
  const { proxy } = context.config.app;
  if (proxy === undefined || proxy.domains.length === 0 || proxy.tls === 'off') return [];
  return [{ id: 'https', needs: ['docker'], run: (signal) => lookAtServed({ ...context, signal }) }];
}
