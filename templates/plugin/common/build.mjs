// One file an entry point, with what it uses of @zebu/kit inside: the installed plugin depends on nothing.
import { build } from 'esbuild';

const shared = { bundle: true, platform: 'node', format: 'esm', target: 'node22', logLevel: 'warning' };
await build({ ...shared, entryPoints: ['src/*.ts'], outdir: 'dist', splitting: true });
if (process.argv.includes('--tests')) {
  await build({ ...shared, entryPoints: ['test/*.test.ts'], outdir: '.build/test', outExtension: { '.js': '.mjs' } });
}
