import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isZebuError } from '@zebu/kit';
import type { ServiceState } from '../app-folder/results.js';
import { appStatus, checkServices } from '../app-folder/status.js';
import type { Context } from '../context/context.js';
import { settingsHere } from '../settings/collect.js';
import { runSteps, type StepReport } from '../ui/steps.js';
import { accessTo } from './access.js';
import { declaredImages, type PulledImage, type ReadFile } from './declared.js';
import { interpolate } from './interpolate.js';
import { parseReference, type Reference } from './reference.js';
import { RegistryClient, RegistrySilent, type RegistryAccess } from './registry.js';
import type { Outdated, OutdatedImage } from './results.js';
import { newerTags } from './version.js';

/** Registries that are asked at once. */
const AT_ONCE = 4;

export interface OutdatedOptions {
  /** All of them when there is none. */
  readonly services: readonly string[];
  /** Whether the VM is asked what runs. */
  readonly live: boolean;
}

/** Files of the working tree, by their path below zebu.yml. */
export const readBelow =
  (root: string): ReadFile =>
  async (path) => {
    try {
      return await readFile(join(root, path), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };

interface Wanted {
  readonly row: OutdatedImage;
  readonly reference: Reference;
}

/** The image of the front proxy, which zebu.yml names. */
function proxyImage({ config, loaded }: Context): readonly PulledImage[] {
  const { proxy } = config.app;
  if (proxy === undefined) return [];
  const [own, around] = [loaded.origin('app.proxy.image'), loaded.origin('app.proxy')];
  const { file, line } = 'file' in own ? own : 'file' in around ? around : { file: 'zebu.yml', line: 1 };
  return [{ service: 'zebu-proxy', text: proxy.image, file, line, written: { kind: 'merged' } }];
}

const isNewer = ({ patch, minor, major, moved }: OutdatedImage): boolean =>
  patch !== null || minor !== null || major !== null || moved === true;

function runningOf(states: readonly ServiceState[], service: string): OutdatedImage['running'] {
  const state = states.find((each) => each.service === service && each.state === 'running');
  if (state === undefined) return null;
  const reference = parseReference(state.image);
  return {
    image: state.image,
    tag: reference?.tag ?? null,
    digest: reference?.digest ?? null,
    since: state.startedAt,
  };
}

function startRow(
  { service, text, file, line }: PulledImage,
  values: ReadonlyMap<string, string>,
  states: readonly ServiceState[],
): { readonly row: OutdatedImage; readonly reference: Reference | undefined } {
  const filled = interpolate(text, values);
  const row: OutdatedImage = {
    service,
    image: 'text' in filled ? filled.text : text,
    file,
    line,
    tag: null,
    patch: null,
    minor: null,
    major: null,
    moved: null,
    digest: null,
    running: runningOf(states, service),
    problem: null,
  };
  if ('unknown' in filled)
    return { row: { ...row, problem: `the value of ${filled.unknown} is not known here` }, reference: undefined };
  const reference = parseReference(filled.text);
  if (reference === undefined) return { row: { ...row, problem: 'this is no name of an image' }, reference };
  return { row: { ...row, tag: reference.tag ?? null }, reference };
}

/** Whether the tag has another image by now than what runs, or than the file says. */
function hasMoved(row: OutdatedImage, { digest: own, tag }: Reference, now: string): boolean | null {
  const before = own ?? (row.running?.tag === tag ? row.running?.digest : undefined);
  return before === undefined || before === null ? null : before !== now;
}

async function askAbout({ row, reference }: Wanted, client: RegistryClient): Promise<OutdatedImage> {
  const { tag } = reference;
  if (tag === undefined) return { ...row, problem: 'it has a digest and no tag, which says nothing of its version' };
  const digest = await client.digest(tag);
  const newer = newerTags(tag, await client.tags());
  return {
    ...row,
    ...newer,
    digest: digest ?? null,
    moved: digest === undefined ? null : hasMoved(row, reference, digest),
    problem: digest === undefined ? `${reference.host}: it has no ${reference.repository}:${tag}` : null,
  };
}

/** One registry: its images one after another, none any more once it does not answer. */
async function askRegistry(
  context: Context,
  host: string,
  wanted: readonly Wanted[],
  report: StepReport,
): Promise<readonly OutdatedImage[]> {
  const rows: OutdatedImage[] = [];
  let away: string | undefined;
  let access: RegistryAccess | undefined;
  for (const each of wanted) {
    if (away !== undefined) {
      rows.push({ ...each.row, problem: away });
      continue;
    }
    const { repository } = each.reference;
    report.update(`${host} about ${repository}`);
    try {
      // Once: a login may be a command that asks another service.
      access ??= await accessTo(context, host);
      const onPage = (tags: number): void => report.update(`${host} about ${repository}: ${tags} tags`);
      rows.push(await askAbout(each, new RegistryClient({ ...access, onPage }, each.reference)));
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof RegistrySilent)) throw error;
      if (error.away) away = error.message;
      rows.push({ ...each.row, problem: error.message });
    }
  }
  return rows;
}

async function askRegistries(
  context: Context,
  wanted: readonly Wanted[],
  report: StepReport,
): Promise<readonly OutdatedImage[]> {
  const queue = [...Map.groupBy(wanted, ({ reference }) => reference.host)];
  const rows: OutdatedImage[] = [];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      rows.push(...(await askRegistry(context, ...next, report)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return rows;
}

/** What runs; nothing is refused because the VM cannot be asked. */
async function askVm(
  context: Context,
  report: StepReport,
): Promise<{ states: readonly ServiceState[]; why: string | null }> {
  try {
    const { services } = await appStatus(context);
    report.done(`${services.length} containers`);
    return { states: services, why: null };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isZebuError(error)) throw error;
    report.done(`not known: ${error.message}`);
    return { states: [], why: error.message };
  }
}

/**
 * What the registries have that is newer than the images of the working tree's Compose files, and what of them runs. A registry
 * that does not answer is a line that says so.
 * @throws COMPOSE_INVALID, SERVICE_UNKNOWN, CONFIG_INVALID
 */
export async function findOutdated(context: Context, { services, live }: OutdatedOptions): Promise<Outdated> {
  const { config, root, io, signal } = context;
  const declared = await declaredImages(config.app.compose, config.app.profiles, readBelow(root));
  const images = [...declared.images, ...proxyImage(context)];
  checkServices(
    services,
    [...declared.services, ...images.map((each) => each.service)].map((service) => ({ service })),
  );
  const values = await settingsHere(context);
  let vm: Awaited<ReturnType<typeof askVm>> = { states: [], why: 'the VM was not asked' };
  let rows: readonly OutdatedImage[] = [];
  const chosen = images.filter(({ service }) => services.length === 0 || services.includes(service));
  await runSteps(io, signal, [
    ...(live
      ? [
          {
            title: 'Ask the VM what runs',
            run: async (report: StepReport) => {
              vm = await askVm(context, report);
            },
          },
        ]
      : []),
    {
      title: 'Ask the registries what there is',
      run: async (report) => {
        const started = chosen.map((image) => startRow(image, values, vm.states));
        const wanted = started.flatMap(({ row, reference }) => (reference === undefined ? [] : [{ row, reference }]));
        const asked = new Map((await askRegistries(context, wanted, report)).map((row) => [row.service, row]));
        rows = started.map(({ row }) => asked.get(row.service) ?? row);
        report.done(`${rows.length} images`);
      },
    },
  ]);
  return {
    app: config.app.name,
    live: vm.why,
    outdated: rows.filter(isNewer).length,
    unknown: rows.filter(({ problem }) => problem !== null).length,
    images: [...rows],
  };
}
