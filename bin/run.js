#!/usr/bin/env node
// Plain JavaScript that also an old Node can read: it is the one that has to say which Node is needed.
import module from 'node:module';
import { fileURLToPath } from 'node:url';

// Imported instead of required, node:fs takes a tenth of the time in which Node starts.
const { existsSync, readFileSync } = module.createRequire(import.meta.url)('node:fs');

const NEEDED = [22, 13];
const root = new URL('../', import.meta.url);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) {
  module.enableCompileCache?.();
  await start(process.argv.slice(2));
} else {
  await runWithNewerNode();
}

async function start(args) {
  const words = args.filter((word) => word !== '--json');
  if (words.length === 1 && ['--version', '-v', 'version'].includes(words[0])) {
    const { name, version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
    const text = `${name}/${version} ${process.platform}-${process.arch} node-${process.version}`;
    const result = { version, platform: `${process.platform}-${process.arch}`, node: process.version };
    const whole = { ok: true, command: 'version', schema: 1, result, warnings: [] };
    console.log(words.length === args.length ? text : JSON.stringify(whole));
    return;
  }
  if (!existsSync(new URL('dist/lib/cli/main.js', root))) {
    console.error('zebu is not built yet: run `npm run build` in its folder.');
    process.exitCode = 1;
    return;
  }
  // The version of Node has been seen to above; oclif would load a library to look at it again.
  process.env.OCLIF_DISABLE_ENGINE_WARNING ??= '1';
  const { main } = await import('../dist/lib/cli/main.js');
  await main(args, fileURLToPath(root));
}

// A checkout carries its own runtime as a devDependency; an installed package relies on the one that starts it.
async function runWithNewerNode() {
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  const newer = fileURLToPath(new URL(`node_modules/node/bin/${program}`, root));
  if (!existsSync(newer)) {
    console.error(
      `zebu needs Node ${NEEDED.join('.')} or newer, and this is ${process.version}: install a current LTS release of Node.`,
    );
    process.exitCode = 1;
    return;
  }
  const { spawn } = await import('node:child_process');
  const child = spawn(newer, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal's Ctrl-C reaches the child by itself; a signal sent to this process alone has to be passed on.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => {});
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 128 + 15);
  });
}
