/** Published shape of what `providers` returns. */
import type { ResultOf } from '@zebu/kit';
import * as z from 'zod';

const origin = {
  plugin: z.string().describe('Name of the npm package.'),
  version: z.string(),
  from: z.enum(['installed', 'linked', 'zebu']).describe('`zebu` for what comes with it.'),
};

export const providerList = z.object({
  providers: z.array(
    z.object({ kind: z.enum(['secrets', 'transport']), id: z.string(), summary: z.string(), ...origin }),
  ),
  hooks: z.array(z.object({ event: z.string().describe('Such as `zebu:after-deploy`.'), ...origin })),
  problems: z
    .array(z.object({ plugin: z.string(), reason: z.string() }))
    .describe('Plugins that bring nothing because something is wrong.'),
});
export type ProviderList = ResultOf<typeof providerList>;
