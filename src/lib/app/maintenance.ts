import { variables, ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { frontFolder } from '../app-folder/front-proxy.js';
import { brokenLink } from '../app-folder/current-link.js';
import { appLayout } from '../app-folder/layout.js';
import { notDeployed } from '../app-folder/status.js';
import { BROKEN_STATUS, MISSING_STATUS } from '../app-folder/statuses.js';
import MAINTENANCE from './maintenance.sh';
import type { Maintenance } from './results.js';
import { lastLine } from '../guest/lines.js';

/** Exit status of maintenance.sh. */
const NO_PROXY = 67;

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export function maintenancePage(message: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Maintenance</title>
<style>body{font:1.2rem/1.5 system-ui,sans-serif;margin:20vh auto;max-width:36rem;padding:0 1rem;text-align:center}</style>
</head>
<body><h1>Maintenance</h1><p>${escapeHtml(message)}</p></body>
</html>
`;
}

/** The page comes on standard input; renamed into place, so that nobody sees half of it. */
export function maintenanceScript(app: string, on: boolean): string {
  const page = `${frontFolder(app)}/state/maintenance.html`;
  return variables({ base: appLayout(app).base, page, on: on ? 1 : 0 }) + MAINTENANCE;
}

function noProxy(app: string): ZebuError {
  return new ZebuError('PROXY_MISSING', `${app} has no front proxy that could show a maintenance page`, {
    hint: 'Add app.proxy to zebu.yml and deploy: see "Front proxy" in docs/apps.md.',
  });
}

/** Shows a page instead of the app, or the app again; within one request, nothing is restarted. @throws PROXY_MISSING, APP_MISSING */
export async function setMaintenance(context: Context, on: boolean, page: string): Promise<Maintenance> {
  const { name, proxy } = context.config.app;
  if (proxy === undefined && on) throw noProxy(name);
  const { session } = await openGuest(context);
  const { code, stdout, stderr } = await session.exec(
    { line: maintenanceScript(name, on) },
    { signal: context.signal, timeoutMs: 60_000, stdin: page },
  );
  if (code === MISSING_STATUS) throw notDeployed(name);
  if (code === BROKEN_STATUS) throw brokenLink(name);
  if (code === NO_PROXY) throw noProxy(name);
  if (code !== 0) throw new ZebuError('VM_NOT_READY', `Maintenance could not be switched: ${lastLine(stderr)}`);
  return { app: name, on, changed: stdout.includes('was=on') !== on };
}
