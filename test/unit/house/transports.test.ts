/** What zebu knows of a transport is what its plugin says: no source of core names one, a key of one, or what one logs in with. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { transportHooks } from '../../../scripts/own-transports.js';
import { builtTransports } from '../../../src/lib/config/built-transports.js';
import { ownNames } from '../../../src/lib/config/proxmox-section.js';
import { offeredTransports } from '../../../src/lib/providers/registry.js';
import { ROOT } from '../../support/cli.js';
import { transportHooks as ownHooks } from '../../support/own-transports.js';

/** Where the word is not the transport. */
const OTHERS: Readonly<Record<string, string>> = {
  'src/commands/vm/ssh.ts': 'a short name of vm:ssh',
  'src/lib/doctor/local.ts': 'the program ssh',
  'src/lib/guest/openssh.ts': 'the program ssh',
  'src/lib/pull/address.ts': 'how git reaches a repository',
  'src/lib/pull/host-keys.ts': 'the program ssh',
  'src/lib/vm/firewall.ts': 'the port of the VM',
};

const { providers } = await offeredTransports(ownHooks());
const descriptors = providers.map(({ descriptor }) => descriptor);
const one = (words: readonly string[]): string => `(?:${words.join('|')})`;
const ids = one(descriptors.map(({ id }) => id));
const keys = descriptors.flatMap((each) => Object.keys(each.keys ?? {}));
const variables = descriptors.flatMap(({ ci, init }) => [
  ...(ci?.variables ?? []),
  ...(init?.variables ?? []),
  ...(ci?.files ?? []).map(({ secret }) => secret),
]);

const PATTERNS = [
  // As a word of its own, in code or in a sentence.
  new RegExp(String.raw`(['"\x60])${ids}\\?\1`),
  new RegExp(String.raw`transports?\b\W{0,3}(?:(?:to|is|as|in|through)\W)?['"\x60]?\b${ids}\b`, 'i'),
  new RegExp(String.raw`\b${ids}\b[\x60'"]? transport`),
  new RegExp(String.raw`\btransport-${ids}\b`),
  new RegExp(String.raw`\bproxmox\??(?:\.|\[')${one(keys)}\b`),
  new RegExp(String.raw`\bZEBU_PROXMOX_${one(keys.map((key) => key.toUpperCase()))}\b`),
  new RegExp(String.raw`\b${one(variables)}\b`),
];

const named = (text: string): readonly string[] =>
  text.split('\n').flatMap((line) => PATTERNS.flatMap((pattern) => pattern.exec(line)?.[0] ?? []));

const files = globSync('src/**/*.ts', { cwd: ROOT }).map((file) => file.replaceAll('\\', '/'));

describe('a transport', () => {
  it('is named nowhere in core', () => {
    expect(files.length).toBeGreaterThan(200);
    const found = files.flatMap((file) => {
      const words = named(readFileSync(join(ROOT, file), 'utf8'));
      return words.length === 0 || file in OTHERS ? [] : [`${file} names a transport: ${words.join(', ')}`];
    });
    expect(found, 'let the transport say it: see TransportDescriptor and Transport of @zebu/kit').toEqual([]);
  });

  it('is not what these files name, which do', () => {
    const idle = Object.keys(OTHERS).filter((file) => named(readFileSync(join(ROOT, file), 'utf8')).length === 0);
    expect(idle).toEqual([]);
  });

  it.each([
    [`const isSsh = proxmox.transport === 'ssh';`],
    [`  .describe('How Proxmox is reached: \`ssh\`, \`api\`, or another.'),`],
    ["hint: 'Set proxmox.transport to ssh, or vm.provisioner to cloud-image.'"],
    ['hint: `Set proxmox.host to ${node}, or use the api transport.`'],
    ['user: config.proxmox.user,'],
    ["hasToken: env('ZEBU_PROXMOX_TOKEN') !== undefined,"],
    ["['PROXMOX_SSH_KEY', 'proxmox_key', 'ZEBU_PROXMOX_IDENTITY_FILE'],"],
    ["import { factory } from '@zebu/plugin-transport-ssh';"],
  ])('would be found: %s', (line) => {
    expect(named(line)).not.toEqual([]);
  });

  it('has keys that are no word of zebu’s own section', () => {
    expect(keys.length).toBeGreaterThan(5);
    expect(keys.filter((key) => ownNames().includes(key))).toEqual([]);
  });

  it('that comes with zebu is the default, and known without being loaded', () => {
    expect(transportHooks(ROOT)).toHaveLength(builtTransports.length);
    expect(builtTransports.map(({ id }) => id).toSorted()).toEqual(descriptors.map(({ id }) => id).toSorted());
  });
});
