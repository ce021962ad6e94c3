import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ZebuError } from '@zebu/kit';
import { checkServices } from '../app-folder/status.js';
import type { Context } from '../context/context.js';
import { settingsHere } from '../settings/collect.js';
import { runSteps } from '../ui/steps.js';
import { accessTo } from './access.js';
import { checkCommitted, commitFiles, subjectOf } from './commit.js';
import { declaredImages } from './declared.js';
import { applyEdits, diffLines, planEdit, type Edit, type Wish } from './edit.js';
import { interpolate } from './interpolate.js';
import { readBelow } from './outdated.js';
import { parseReference } from './reference.js';
import { RegistryClient, RegistrySilent } from './registry.js';
import type { Upgraded } from './results.js';

export interface UpgradeOptions {
  readonly wishes: readonly Wish[];
  /** Only show it. */
  readonly dryRun: boolean;
  /** Commit what was written. */
  readonly commit: boolean;
  /** Asked once the change was shown; throws to leave everything as it is. */
  readonly agree: () => Promise<true>;
}

interface Changed {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

/** Services that are built, or that only zebu.yml names. @throws COMPOSE_INVALID */
function noPulled(service: string): ZebuError {
  return new ZebuError('COMPOSE_INVALID', `${service} has no image that is pulled`, {
    hint:
      service === 'zebu-proxy'
        ? 'The image of the front proxy is app.proxy.image in zebu.yml.'
        : 'It is built, or its profile is not active; what it is built from stands in its Dockerfile.',
    details: { service },
  });
}

/**
 * With the digest of the new tag where the file had one of the old.
 * @throws REGISTRY_REFUSED where the registry has no such tag, or a digest is needed and it does not say
 */
async function checked(context: Context, edit: Edit, values: ReadonlyMap<string, string>): Promise<Edit> {
  const filled = interpolate(edit.to, values);
  const reference = 'text' in filled ? parseReference(filled.text) : undefined;
  const pinned = edit.from.includes('@') && !edit.to.includes('@');
  const silent = (why: string): Edit => {
    if (pinned)
      throw new ZebuError(
        'REGISTRY_REFUSED',
        `${edit.file}:${edit.line}: the image of ${edit.service} is pinned by a digest, and that of ${edit.to} is not known: ${why}`,
        { hint: `Give it with the tag: ${edit.service}=${edit.to}@sha256:…` },
      );
    context.io.warn(`whether there is ${edit.to} is not known: ${why}`);
    return edit;
  };
  if (reference === undefined)
    return silent(
      'unknown' in filled ? `the value of ${filled.unknown} is not known here` : 'this is no name of an image',
    );
  if (reference.tag === undefined) return edit;
  let digest: string | undefined;
  try {
    const client = new RegistryClient(await accessTo(context, reference.host), reference);
    digest = await client.digest(reference.tag);
  } catch (error) {
    if (error instanceof RegistrySilent) return silent(error.message);
    throw error;
  }
  if (digest === undefined)
    throw new ZebuError('REGISTRY_REFUSED', `${reference.host} has no ${reference.repository}:${reference.tag}`, {
      hint: `What there is: zebu app:outdated ${edit.service}`,
      details: { service: edit.service, image: edit.to },
    });
  return pinned ? { ...edit, to: `${edit.to}@${digest}` } : edit;
}

/** Puts all of it into place or nothing. */
async function write(context: Context, changed: readonly Changed[]): Promise<() => Promise<void>> {
  const done: Changed[] = [];
  const undo = async (): Promise<void> => {
    for (const { file, before } of done) await writeFile(join(context.root, file), before);
  };
  for (const each of changed) {
    done.push(each);
    try {
      await writeFile(join(context.root, each.file), each.after);
    } catch (error) {
      await undo().catch(() => {});
      throw new ZebuError(
        'FILE_REFUSED',
        `${each.file} cannot be written: ${(error as NodeJS.ErrnoException).code ?? 'error'}`,
        {
          hint: 'Nothing was changed.',
          cause: error,
        },
      );
    }
  }
  return undo;
}

/**
 * Changes the tags of images in the Compose files of the working tree, and nothing else of them, and commits those files alone.
 * @throws SERVICE_UNKNOWN, COMPOSE_INVALID, FILE_REFUSED, FILE_UNCOMMITTED, REGISTRY_REFUSED, NEEDS_CONFIRMATION, GIT_MISSING
 */
export async function upgrade(context: Context, { wishes, dryRun, commit, agree }: UpgradeOptions): Promise<Upgraded> {
  const { config, root, io, signal } = context;
  const { images, services } = await declaredImages(config.app.compose, config.app.profiles, readBelow(root));
  const names = [...services, ...(config.app.proxy === undefined ? [] : ['zebu-proxy'])];
  checkServices(
    wishes.map(({ service }) => service),
    names.map((service) => ({ service })),
  );
  const planned = wishes.flatMap((wish) => {
    const image = images.find(({ service }) => service === wish.service);
    if (image === undefined) throw noPulled(wish.service);
    return planEdit(image, wish) ?? [];
  });
  const nothing = { app: config.app.name, changes: [], written: false, commit: null };
  if (planned.length === 0) {
    io.out('nothing to change: the Compose files say so already');
    return nothing;
  }
  const files = [...new Set(planned.map(({ file }) => file))];
  if (commit && !dryRun) await checkCommitted(context, files);
  const values = await settingsHere(context);
  let edits: readonly Edit[] = planned;
  await runSteps(io, signal, [
    {
      title: 'Ask the registry',
      run: async (report) => {
        const found: Edit[] = [];
        for (const edit of planned) {
          report.update(edit.to);
          found.push(await checked(context, edit, values));
        }
        edits = found;
      },
    },
  ]);
  const changed = await Promise.all(
    files.map(async (file): Promise<Changed> => {
      const before = await readFile(join(root, file), 'utf8');
      return {
        file,
        before,
        after: applyEdits(
          before,
          edits.filter((edit) => edit.file === file),
        ),
      };
    }),
  );
  await checkOutcome(context, changed, edits);
  for (const { file, before, after } of changed) for (const line of diffLines(file, before, after)) io.out(line);
  const changes = edits.map(({ service, file, line, from, to }) => ({ service, file, line, from, to }));
  if (dryRun) return { ...nothing, changes };
  await agree();
  const undo = await write(context, changed);
  if (!commit) return { ...nothing, changes, written: true };
  try {
    return { ...nothing, changes, written: true, commit: await commitFiles(context, files, subjectOf(changes)) };
  } catch (error) {
    await undo();
    throw error;
  }
}

/** What the changed files say is what was asked for, and of no other service anything else. */
async function checkOutcome(context: Context, changed: readonly Changed[], edits: readonly Edit[]): Promise<void> {
  const { compose, profiles } = context.config.app;
  const read = readBelow(context.root);
  const text = (path: string): string | undefined => changed.find(({ file }) => file === path)?.after;
  const before = await declaredImages(compose, profiles, read);
  const after = await declaredImages(compose, profiles, async (path) => text(path) ?? read(path));
  for (const [index, { service, text: was, file, line }] of before.images.entries()) {
    const edit = edits.find((each) => each.service === service);
    const now = after.images[index]?.text;
    if (now === (edit?.to ?? was)) continue;
    throw new ZebuError(
      'COMPOSE_INVALID',
      `${file}:${line}: the image of ${service} would become ${now ?? 'none'} by that`,
      {
        hint: 'Nothing was changed. Other services have theirs from the same place: change it by hand.',
        details: { file, line, service },
      },
    );
  }
}
