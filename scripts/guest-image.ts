/** Builds the image of the lab's guests from the sources, before anything is built: run.mjs does it beside the build. */
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type * as Ensure from '../plugins/lab/src/image/index.js';
import type * as Layout from '../plugins/lab/src/instance/layout.js';
import { bundling } from './bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
// As deep as what tsc makes of it: it finds the image's files from where it lies.
const outfile = 'plugins/lab/.build/image/ahead.mjs';
const entry = `
  export { ensureImage } from './plugins/lab/src/image/index.ts';
  export { layout } from './plugins/lab/src/instance/layout.ts';`;
const options = bundling(root);
const alias = { ...options.alias, '@zebu/kit': `${root}plugins/kit/src/index.ts` };
await build({ ...options, alias, stdin: { contents: entry, resolveDir: root }, outfile });
const built = `../${outfile}`;
const { ensureImage, layout } = (await import(built)) as {
  ensureImage: typeof Ensure.ensureImage;
  layout: typeof Layout.layout;
};
const { cacheDir } = layout('ahead', { HOME: homedir(), ...process.env });
await ensureImage({ cacheDir, log: (line) => void process.stdout.write(`${line}\n`) });
