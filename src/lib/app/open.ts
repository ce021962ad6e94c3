import { spawn } from 'node:child_process';
import { ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { warnOfLink } from '../app-folder/current-link.js';
import { openGuest } from '../guest/session.js';
import type { Opened } from './results.js';
import { notDeployed, surveyApp } from '../app-folder/status.js';
import { publishedUrls } from '../app-folder/urls.js';

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
    urls = [
      ...publishedUrls(
        services.flatMap(({ ports }) => ports),
        address.host,
      ),
    ];
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
