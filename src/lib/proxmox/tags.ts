import { isZebuError, ZebuError } from '@zebu/kit';
import * as z from 'zod';
import type { ProxmoxClient } from './client.js';
import { tagsOf } from './ownership.js';
import { parseAnswer } from './parse.js';
import { holds, readPermissions } from './permissions.js';
import { parseProperties } from './properties.js';

/**
 * A datacenter may say which tags its users may give to VMs. Ours mark a VM as the app's: where they are not allowed, the
 * task that makes the VM fails with 403, after the request was answered with 200.
 */

const list = z.union([z.array(z.string()), z.string().transform((text) => [...tagsOf(text)])]).default([]);

/** As text: `user-allow=list,user-allow-list=a;b`. */
const access = z
  .union([
    z.string().transform((text) => Object.fromEntries(parseProperties(text).values)),
    z.record(z.string(), z.unknown()),
  ])
  .default({})
  .pipe(z.object({ 'user-allow': z.string().default('free'), 'user-allow-list': list }));

/** Restrictions are only in it with Sys.Audit on `/`. */
const optionsAnswer = z.object({ 'allowed-tags': list, 'registered-tags': list, 'user-tag-access': access });

export interface TagRules {
  /** `free`, `existing`, `list` or `none`: what users may give of the tags that are not registered. */
  readonly mode: string;
  /** That users may give in any case but `none`. */
  readonly listed: readonly string[];
  /** That nobody may give without Sys.Modify on `/`. */
  readonly registered: readonly string[];
  /** Proxmox's own account of what this login may give; with `free`, others as well. */
  readonly allowed: readonly string[];
}

export async function readTagRules(client: ProxmoxClient): Promise<TagRules> {
  const options = parseAnswer(
    optionsAnswer,
    await client.request('GET', '/cluster/options'),
    'the options of the datacenter',
  );
  return {
    mode: options['user-tag-access']['user-allow'],
    listed: options['user-tag-access']['user-allow-list'],
    registered: options['registered-tags'],
    allowed: options['allowed-tags'],
  };
}

/** Those of the tags that a login without Sys.Modify on `/` may not give. */
function refusedTags(rules: TagRules, tags: readonly string[]): readonly string[] {
  return tags.filter(
    (tag) => !rules.allowed.includes(tag) && (rules.mode !== 'free' || rules.registered.includes(tag)),
  );
}

/** What to type on the host so that the tags are allowed, and everything else is as it was. */
export function allowingTags(rules: TagRules, refused: readonly string[]): string {
  const words = ['pvesh set /cluster/options'];
  const taken = refused.filter((tag) => rules.registered.includes(tag));
  const left = rules.registered.filter((tag) => !taken.includes(tag));
  if (taken.length > 0)
    words.push(left.length === 0 ? '--delete registered-tags' : `--registered-tags "${left.join(';')}"`);
  if (rules.mode !== 'free') {
    const listed = [...new Set([...rules.listed, ...refused])].join(';');
    words.push(
      `--user-tag-access "user-allow=${rules.mode === 'none' ? 'list' : rules.mode},user-allow-list=${listed}"`,
    );
  }
  return words.join(' ');
}

/**
 * @param wanted tags as a VM has them
 * @param has tags the VM has already
 * @returns why they cannot be given; undefined when they can, or when that cannot be told
 */
export async function tagProblem(client: ProxmoxClient, wanted: string, has?: string): Promise<ZebuError | undefined> {
  const tags = tagsOf(wanted).filter((tag) => !tagsOf(has).includes(tag));
  if (tags.length === 0) return undefined;
  try {
    const rules = await readTagRules(client);
    const refused = refusedTags(rules, tags);
    if (refused.length === 0) return undefined;
    if (holds(await readPermissions(client), '/', ['Sys.Modify'])) return undefined;
    const named = refused.join(' and ');
    return new ZebuError('PROXMOX_FORBIDDEN', `The datacenter does not let the login tag a VM with ${named}`, {
      hint: `Allow it, on the host: ${allowingTags(rules, refused)}; or give the login Sys.Modify on /.`,
      details: { tags: refused, mode: rules.mode, privilege: 'Sys.Modify', aclPath: '/' },
    });
  } catch (error) {
    // Not readable for this login, or not in this version: Proxmox itself refuses when it matters.
    if (isZebuError(error) && (error.code === 'PROXMOX_FORBIDDEN' || error.code === 'PROXMOX_REFUSED'))
      return undefined;
    throw error;
  }
}

/** Before anything is made. @throws PROXMOX_FORBIDDEN with what to type */
export async function requireTags(client: ProxmoxClient, wanted: string): Promise<void> {
  const problem = await tagProblem(client, wanted);
  if (problem !== undefined) throw problem;
}
