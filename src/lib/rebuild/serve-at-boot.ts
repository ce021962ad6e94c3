import { variables } from '@zebu/kit';
import { shortNote } from '../app-folder/author.js';
import { appLayout } from '../app-folder/layout.js';
import type { Context } from '../context/context.js';
import { bootPart } from '../runs/programs/boot.js';
import SERVE from './serve-at-boot.sh';

/** For scripts that stop the app: with that the machine serves by itself once it is up again, also where nothing is heard of us any more. */
export function servingAtBoot(context: Context): string {
  const { app, vm } = context.config;
  const values = { base: appLayout(app.name).base, project: app.name, cards: '/sys/class/net' };
  const program = variables({ ...values, holder: shortNote(context, 'vm:rebuild') }) + SERVE;
  const installing = bootPart(vm.user, new Map());
  return `${variables({ ...values, serve_program: program })}serve_at_boot() (\nmkdir -p .incoming || exit\n${installing})\n`;
}
