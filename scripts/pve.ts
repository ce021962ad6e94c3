/** `npm run test:pve`: the whole life of a VM on a real node, see docs/testing-on-proxmox.md. */
import { copyFileSync, globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundling } from './bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
await build({ ...bundling(root), entryPoints: ['scripts/pve/main.ts'], outfile: '.build/pve/main.mjs' });
// Transports read what runs on the host from beside their code.
for (const path of globSync('plugins/transport-*/src/*.{pl,sh}', { cwd: root }))
  copyFileSync(join(root, path), join(root, '.build/pve', basename(path)));
const built = '../.build/pve/main.mjs';
await import(built);
