// One file an entry point, with what it uses of @zebu/kit inside: the installed plugin depends on nothing.
import { build } from 'esbuild';

await build({
  entryPoints: ['src/*.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  logLevel: 'warning',
});
