/** `npm run test:pve`: the whole life of a VM on a real node, see docs/testing-on-proxmox.md. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundling } from './bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
await build({ ...bundling(root), entryPoints: ['scripts/pve/main.ts'], outfile: '.build/pve/main.mjs' });
const built = '../.build/pve/main.mjs';
await import(built);
