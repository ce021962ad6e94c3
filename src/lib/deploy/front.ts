import type { FrontFiles } from '../app-folder/front-proxy.js';
import { readAuthority, readProxyCertificate, type ProxyCertificate } from '../certificate/read.js';
import type { Context } from '../context/context.js';

export interface Front {
  readonly certificate: ProxyCertificate | undefined;
  readonly files: FrontFiles;
}

/** The files that `app.proxy` names, read and judged; warns of what is near its end. @throws CONFIG_INVALID, SECRET_EXPOSED */
export async function readFront(context: Context): Promise<Front> {
  const certificate = await readProxyCertificate(context);
  for (const warning of certificate?.warnings ?? []) context.io.warn(warning);
  const file = context.config.app.proxy?.acme.ca_file;
  const authority = file === undefined ? undefined : await readAuthority(context, 'app.proxy.acme.ca_file', file);
  return { certificate, files: { certificate: certificate?.id, authority } };
}
