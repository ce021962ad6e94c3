import type { TransportInCi } from '@zebu/kit';
import { variableOf } from '../config/keys.js';
import type { Config } from '../config/schema.js';
import DEPLOY from './steps/deploy.sh';
import INSTALL from './steps/install.sh';
import KEYS from './steps/keys.sh';
import type { CiPackage } from './package.js';
import REACHABLE from './steps/reachable.sh';

/** Actions by commit: a tag can be moved, and what it then names would run with the secrets of the deploy. */
const CHECKOUT = 'actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2';
const SETUP_NODE = 'actions/setup-node@49933ea5288caeca8642d1e84afbd3f7d6820020 # v4.4.0';

/** What the transport needs there. */
export interface AccessInCi extends TransportInCi {
  /** Where it connects to unless `proxmox.port` says so; undefined where that is its own business. */
  readonly port?: number | undefined;
  /** The plugin it comes from, as npm names it with its version; undefined for what comes with zebu. */
  readonly plugin?: string | undefined;
}

export interface WorkflowOptions {
  readonly config: Pick<Config, 'app' | 'proxmox' | 'secrets'>;
  readonly access: AccessInCi;
  /** GitHub environment: its protection rules guard the deploy. */
  readonly environment: string;
  /** `runs-on`: a label, such as `ubuntu-latest` or `self-hosted`. */
  readonly runner: string;
  readonly zebu: CiPackage;
  /** Folder of zebu.yml below the top of the repository; empty for the top. */
  readonly folder: string;
  /** The repository has submodules. */
  readonly submodules: boolean;
  /** The repository has files in Git LFS. */
  readonly lfs: boolean;
}

/** A scalar that YAML reads back as this text. */
const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
const secret = (name: string): string => `\${{ secrets.${name} }}`;
const indent = (spaces: number, lines: readonly string[]): string =>
  lines.map((line) => (line === '' ? '' : ' '.repeat(spaces) + line)).join('\n');

/** Names of the repository's secrets that the workflow reads beside those of the app. */
export function accessSecrets({ files = [], variables = [] }: TransportInCi): readonly string[] {
  return [...variables, ...files.map(({ secret: name }) => name), VM_KEY.secret];
}

/** Of the VM, whatever the way to Proxmox is. */
const VM_KEY = { secret: 'VM_SSH_KEY', file: 'vm_key', path: 'vm.identity_file' };

/** A script as lines of a block of YAML. */
const block = (script: string): readonly string[] =>
  script
    .trim()
    .split('\n')
    .map((line) => `    ${line}`);

function keyFiles({ files = [] }: TransportInCi): readonly string[] {
  const keys = [...files.map((each) => ({ ...each, path: `proxmox.${each.key}` })), VM_KEY];
  return [
    '- name: Keys',
    '  env:',
    ...keys.map(({ secret: name }) => `    ${name}: ${secret(name)}`),
    '  run: |',
    ...block(KEYS),
    ...keys.map(({ secret: name, file, path }) => `    store ${name} ${file} ${variableOf(path)}`),
  ];
}

/** The workflow as text: deploys a tag when it is pushed, and any ref by hand. */
export function renderWorkflow(options: WorkflowOptions): string {
  const { config, access, environment, runner, zebu, folder, submodules, lfs } = options;
  const { app, proxmox, secrets } = config;
  const names = Object.keys(secrets);
  const port = proxmox.port ?? access.port;
  const { variables = [], plugin } = access;
  const steps = [
    `- uses: ${CHECKOUT}`,
    '  with:',
    '    # The whole history: only what the VM lacks is sent.',
    '    fetch-depth: 0',
    ...(submodules ? ['    submodules: recursive'] : []),
    ...(lfs ? ['    lfs: true'] : []),
    '    ref: ${{ inputs.ref || github.ref }}',
    '    persist-credentials: false',
    '',
    `- uses: ${SETUP_NODE}`,
    '  with:',
    '    node-version: 24',
    '',
    '- name: Install zebu',
    '  env:',
    `    FILE: ${text(zebu.file)}`,
    `    SHA512: ${zebu.sha512}`,
    `    PACKAGE: ${text(zebu.spec)}`,
    '  run: |',
    ...block(INSTALL),
    ...(plugin === undefined ? [] : ['', '- name: Install the transport', `  run: zebu plugins:install ${plugin}`]),
    '',
    // Of a transport that does not say where it connects to, nobody else can tell whether it could.
    ...(port === undefined ? [] : ['- name: Is Proxmox reachable?', '  run: |', ...block(REACHABLE), '']),
    ...keyFiles(access),
    '',
    '- name: Deploy',
    '  id: deploy',
    ...(folder === '' ? [] : [`  working-directory: ${text(folder)}`]),
    '  env:',
    '    REF: ${{ inputs.ref || github.ref_name }}',
    ...(names.length + variables.length === 0
      ? []
      : [
          '    # Only what the app declares in zebu.yml; run `zebu ci:init --force` after a change there.',
          ...[...variables, ...names].map((name) => `    ${name}: ${secret(name)}`),
        ]),
    '  run: |',
    ...block(DEPLOY),
    '',
    '- name: Status',
    '  if: always()',
    ...(folder === '' ? [] : [`  working-directory: ${text(folder)}`]),
    ...(variables.length === 0 ? [] : ['  env:', ...variables.map((name) => `    ${name}: ${secret(name)}`)]),
    '  run: zebu app:status || true',
    '',
    '- name: Remove the keys',
    '  if: always()',
    '  run: rm -rf "$RUNNER_TEMP/zebu"',
  ];
  return `# Written by \`zebu ci:init\`. Secrets it reads: ${[...accessSecrets(access), ...names].join(', ')}.
name: deploy
run-name: deploy \${{ inputs.ref || github.ref_name }}

on:
  push:
    tags: ['v*']
  workflow_dispatch:
    inputs:
      ref:
        description: Tag, branch or commit to deploy
        required: true
        type: string

permissions:
  contents: read

# One deploy at a time; one that runs is never cut off by a newer one.
concurrency:
  group: ${text(`deploy-${app.name}-${environment}`)}
  cancel-in-progress: false

jobs:
  deploy:
    runs-on: ${text(runner)}
    timeout-minutes: 120
    environment:
      name: ${text(environment)}
      url: \${{ steps.deploy.outputs.url }}
    defaults:
      run:
        shell: bash
    env:
      ZEBU_PROXMOX_HOST: \${{ vars.PROXMOX_HOST || ${text(proxmox.host ?? '')} }}
      ZEBU_PROXMOX_PORT: \${{ vars.PROXMOX_PORT || ${text(String(port ?? ''))} }}
    steps:
${indent(6, steps)}
`;
}
