import { spawn } from 'node:child_process';
import { ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { warnOfLink } from '../app-folder/current-link.js';
import { openGuest } from '../guest/session.js';
import type { Opened } from './results.js';
import { notDeployed, surveyApp } from '../app-folder/status.js';
import type { ServiceState } from '../app-folder/results.js';

/** Ports that are published but never spoken to by a browser. */
const NOT_WEB = new Set([22, 25, 53, 143, 465, 587, 993, 1433, 1883, 3306, 5432, 5672, 6379, 9092, 11211, 27017]);
const TLS = new Set([443, 8443]);
/** What people expect a web page on, best first; other ports follow by number. */
const PREFERRED = [443, 80, 8443, 8080];

/** Addresses at which a browser may reach the app, best first. */
export function publishedUrls(services: readonly ServiceState[], host: string): readonly string[] {
  const ports = services.flatMap(({ ports: all }) =>
    all.flatMap((text) => {
      const [, address = '', outside, inside, protocol] = /^(.*):(\d+)->(\d+)\/(\w+)$/.exec(text) ?? [];
      // What is bound to the VM's own loopback cannot be reached from here.
      if (protocol !== 'tcp' || address.startsWith('127.') || address === '[::1]') return [];
      return NOT_WEB.has(Number(inside)) ? [] : [{ outside: Number(outside), inside: Number(inside) }];
    }),
  );
  const rank = (port: number): number => {
    const index = PREFERRED.indexOf(port);
    return index < 0 ? PREFERRED.length + port : index;
  };
  const urls = ports
    .toSorted((a, b) => rank(a.outside) - rank(b.outside))
    .map(({ outside, inside }) => {
      const scheme = TLS.has(outside) || TLS.has(inside) ? 'https' : 'http';
      const usual = outside === (scheme === 'https' ? 443 : 80);
      return `${scheme}://${host}${usual ? '' : `:${outside}`}/`;
    });
  return [...new Set(urls)];
}

/** What shows an address in the person's browser, and takes it as one argument; undefined where nobody sees it. */
export function browserCommand(
  env: (name: string) => string | undefined,
  platform: NodeJS.Platform = process.platform,
): readonly string[] | undefined {
  if (platform === 'darwin') return ['open'];
  // `cmd /c start` would take the & of an address for the end of a command.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  const graphical = env('DISPLAY') ?? env('WAYLAND_DISPLAY');
  return graphical === undefined ? undefined : ['xdg-open'];
}

/** A browser that does not start is no failure: the address was printed. */
function startBrowser(command: readonly string[], url: string): Promise<boolean> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}

/** Where the app answers: `app.url`, else what its containers publish. @throws APP_MISSING, CONFIG_INVALID */
export async function openApp(context: Context, browser: boolean): Promise<Opened> {
  const { config, io } = context;
  let urls = config.app.url === undefined ? [] : [config.app.url];
  if (urls.length === 0) {
    const { session, address } = await openGuest(context);
    const { services, link } = await surveyApp(session, context);
    warnOfLink(context, link);
    if (services.length === 0) throw notDeployed(config.app.name);
    urls = [...publishedUrls(services, address.host)];
  }
  const [url, ...others] = urls;
  if (url === undefined) {
    throw new ZebuError('CONFIG_INVALID', `No service of ${config.app.name} publishes a port a browser could open`, {
      hint: 'Say where the app answers: app.url in zebu.yml.',
    });
  }
  const command = browser && io.interactive ? browserCommand(context.env) : undefined;
  return { url, others, browser: command !== undefined && (await startBrowser(command, url)) };
}
