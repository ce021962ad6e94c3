import { posix } from 'node:path';
import { sh, variables, ZebuError } from '@zebu/kit';
import { appLayout } from '../app-folder/layout.js';
import { makeReleaseId } from '../app-folder/release-id.js';
import { readAuthority } from '../certificate/read.js';
import { describeOrigin } from '../config/layers.js';
import type { PullSection } from '../config/pull-section.js';
import type { Context } from '../context/context.js';
import { readFront } from '../deploy/front.js';
import { planFile, wantsSnapshot } from '../deploy/plan.js';
import { GitProgram } from '../repository/git-program.js';
import { LocalGit } from '../repository/git.js';
import { collectSecrets } from '../secrets/collect.js';
import { registryLogins } from '../secrets/registries.js';
import { collectSettings } from '../settings/collect.js';
import { parseAddress, usesKey, type RepositoryAddress } from './address.js';
import { hostKeySources, pinnedHostKeys, resolveAlias, type HostKeys, type HostKeySources } from './host-keys.js';
import { planSum, type PlanSum } from './plan-sum.js';
import { readSigners, type Signers } from './signers.js';
import CREDENTIAL from './credential.sh';

/** All that the VM is to be told, found out on this machine. */
export interface Enabling {
  readonly address: RepositoryAddress;
  readonly pull: PullSection;
  readonly signers: Signers;
  readonly unsigned: boolean;
  readonly hostKeys: HostKeys | undefined;
  /** PEM; empty for none. */
  readonly authority: string;
  readonly sum: PlanSum;
  /** What the runner sources, without what is only known of a release. */
  readonly plan: string;
  /** Whether the front proxy has its certificate from a file, which only a client can bring. */
  readonly certificate: boolean;
  /** Secrets that have to have a value in the VM. */
  readonly needs: readonly string[];
  readonly composeFiles: readonly string[];
}

const EXAMPLE = "pull: { tags: 'v*', signed_by: [~/.ssh/id_ed25519.pub] }";

/** The section `pull`. @throws CONFIG_INVALID when there is none */
function pullSectionOf({ config, loaded }: Context): PullSection {
  if (config.pull !== undefined) return config.pull;
  throw new ZebuError('CONFIG_INVALID', `${loaded.file} has no section \`pull\``, {
    hint: `Add for example: ${EXAMPLE}`,
  });
}

/** What a run needs of a client, which is not there when the VM deploys by itself. @throws CONFIG_INVALID */
function refuseClientWork({ config, loaded, io }: Context): void {
  const refuse = (path: string, why: string, hint: string): ZebuError =>
    new ZebuError('CONFIG_INVALID', `${describeOrigin(loaded.origin(path))}: \`${path}\` ${why}`, { hint });
  if (wantsSnapshot(config.deploy))
    throw refuse(
      'deploy.snapshot',
      'wants a snapshot, which only a client can ask Proxmox for',
      'Set it to never for pull deploys.',
    );
  const index = config.registries.findIndex(({ command }) => command !== undefined);
  if (index >= 0)
    throw refuse(
      `registries.${index}.command`,
      'is run on the machine that deploys, and the VM has no such thing',
      'Give a token as a declared secret: `secret`.',
    );
  if (config.deploy.probes.some((probe) => 'from' in probe && probe.from === 'client'))
    io.warn('Probes `from: client` are not asked in pull deploys: there is no client');
}

async function repositoryOf(context: Context, pull: PullSection, sources: HostKeySources): Promise<RepositoryAddress> {
  let text = pull.repository;
  if (text === undefined) {
    const { code, stdout } = await new GitProgram(context.root, context.signal).run(['remote', 'get-url', 'origin']);
    text = stdout.trim();
    if (code !== 0 || text === '')
      throw new ZebuError('CONFIG_INVALID', 'pull.repository is not set, and this repository has no remote `origin`', {
        hint: 'pull: { repository: git@github.com:me/shop.git, … }',
      });
  }
  const address = await resolveAlias(parseAddress(text), sources);
  if (pull.secret !== undefined && address.scheme !== 'https')
    throw new ZebuError('CONFIG_INVALID', `pull.secret is a token for https, and ${address.url} is ${address.scheme}`, {
      hint: usesKey(address)
        ? 'Leave it out: the VM has a deploy key.'
        : 'Use https: a token must not be sent in the clear.',
    });
  if (address.scheme === 'http' && pull.signed_by === 'none')
    throw new ZebuError(
      'CONFIG_INVALID',
      `${address.url} is http, on which anybody between could release, and pull.signed_by is none`,
      {
        hint: 'Use https or ssh, or say who may release: pull.signed_by.',
      },
    );
  return address;
}

/** Secrets without which a deploy is refused. */
function neededSecrets({ config }: Context, pull: PullSection): readonly string[] {
  const logins = new Set([pull.secret, ...config.registries.map(({ secret }) => secret)]);
  return Object.entries(config.secrets).flatMap(([name, { required }]) => (required || logins.has(name) ? [name] : []));
}

/**
 * Everything that can be found out, and refused, without the VM.
 * @throws CONFIG_INVALID, HOST_KEY_UNKNOWN, GIT_MISSING, SECRET_UNDECLARED
 */
export async function prepareEnabling(
  context: Context,
  sources: HostKeySources = hostKeySources(context.signal),
): Promise<Enabling> {
  const { config, loaded, root, signal, clock, io } = context;
  const pull = pullSectionOf(context);
  refuseClientWork(context);
  const git = new LocalGit(root, signal);
  const head = await git.head();
  if (head === undefined) throw new ZebuError('GIT_MISSING', `${root} has no commit yet`, { hint: 'git commit' });
  const { prefix } = await git.resolve({ kind: 'commit', name: head });
  const address = await repositoryOf(context, pull, sources);
  const unsigned = pull.signed_by === 'none';
  const where = describeOrigin(loaded.origin('pull.signed_by'));
  const signers =
    pull.signed_by === 'none' ? { ssh: '', openpgp: '', names: [] } : await readSigners(pull.signed_by, root, where);
  if (unsigned) io.warn('pull.signed_by is none: whoever can push to the repository can deploy');
  const overlay =
    loaded.overlay === undefined ? [] : [loaded.file.replace(/\.ya?ml$/, (end) => `.${loaded.overlay ?? ''}${end}`)];
  const sum = await planSum([loaded.file, ...overlay], signal);
  for (const file of sum.changed)
    io.warn(`${file} is not committed as it is here: only commits that have it so will be deployed`);
  const front = await readFront(context);
  const settings = await collectSettings(context, git, head, await collectSecrets(context));
  const target = { commit: head, ref: '-', kind: pull.branch === undefined ? 'tag' : 'branch', subject: '-' } as const;
  const plan = planFile(
    {
      id: makeReleaseId(clock.now(), head),
      target,
      sent: head,
      author: { who: 'pull', from: address.url },
      prefix,
      watched: false,
      attended: false,
      rebuild: false,
      settings: settings ?? new Map(),
      registries: await registryLogins(context),
      front: { ...front.files, held: true },
    },
    config,
  );
  return {
    address,
    pull,
    signers,
    unsigned,
    hostKeys: usesKey(address) ? await pinnedHostKeys(address, sources) : undefined,
    authority: pull.ca_file === undefined ? '' : await readAuthority(context, 'pull.ca_file', pull.ca_file),
    sum,
    plan,
    certificate: front.certificate !== undefined,
    needs: neededSecrets(context, pull),
    composeFiles: config.app.compose.map((file) => posix.join(prefix, file)),
  };
}

/** What the programs in the VM source: all words quoted. */
export function settingsFile(
  { address, pull, sum, needs, composeFiles, unsigned, signers }: Enabling,
  at: Date,
): string {
  return variables({
    repository: address.url,
    scheme: address.scheme,
    mode: pull.branch === undefined ? 'tags' : 'branch',
    tags: pull.tags ?? 'v*',
    branch: pull.branch ?? '',
    every: pull.every,
    plan_files: sum.files.join('\n'),
    plan_hash: sum.sum,
    compose_files: composeFiles.join(' '),
    needs: needs.join(' '),
    token_secret: pull.secret ?? '',
    unsigned: unsigned ? 1 : 0,
    signed_by: signers.names.join(', '),
    enabled_at: at.toISOString(),
  });
}

/** The program that git asks for the login. */
export function credentialProgram({ address, pull }: Enabling, app: string): string {
  const host = address.port === undefined ? address.host : `${address.host}:${address.port}`;
  return (
    sh`#!/bin/sh` +
    '\n' +
    variables({
      secrets_folder: appLayout(app).secrets,
      token_secret: pull.secret ?? '',
      token_user: pull.user,
      token_host: host,
    }) +
    CREDENTIAL
  );
}
