import { sh, variables, ZebuError } from '@zebu/kit';
import { appLayout } from '../app-folder/layout.js';
import { registryRemedy } from '../app-folder/registries.js';
import type { Context } from '../context/context.js';
import { formatBytes } from '../ui/units.js';
import type { StepReport } from '../ui/steps.js';
import { networkOptions } from './networks.js';
import { pipe } from './pipe.js';
import PULL from './pull-images.sh';
import type { Surveyed } from './survey.js';
import type { Machines } from './trees.js';
import { lastLine } from '../guest/lines.js';
import { FROM_INPUT } from '../guest/from-input.js';

/** A registry may be slow, and there may be many. */
const PULL_MS = 3_600_000;

/** The first byte of an image comes when all of it lies in a file. */
const STILL_MS = 3_600_000;

/** Images of all releases: those that were built come from the old machine as they are, so that nothing is built anew. @returns bytes */
export async function bringImages(
  context: Context,
  { from, to }: Machines,
  { images, imageBytes, pulled, networks }: Surveyed,
  report: StepReport,
): Promise<number> {
  const { app } = context.config;
  let bytes = 0;
  if (images.length > 0)
    bytes = await pipe(
      context,
      'the images',
      { from: { session: from, line: sh`docker save ${images}` }, to: { session: to, line: sh`docker load -q` } },
      {
        stillMs: STILL_MS,
        onBytes: (sofar) =>
          report.update(`${formatBytes(sofar)} of images`, Math.min(1, sofar / Math.max(1, imageBytes))),
      },
    );
  if (pulled.length > 0) {
    report.update(`pulling ${pulled.length} images from their registries`);
    const script =
      variables({
        base: appLayout(app.name).base,
        app: app.name,
        tokens: '',
        older: pulled
          .filter(({ live }) => !live)
          .map(({ name }) => name)
          .join(' '),
      }) +
      sh`set -- ${pulled.filter(({ live }) => live).map(({ name }) => name)}` +
      `\n${PULL}`;
    const { code, stdout, stderr } = await to.exec(
      { line: FROM_INPUT },
      { stdin: script, signal: context.signal, timeoutMs: PULL_MS },
    );
    if (code !== 0)
      throw new ZebuError(
        'REGISTRY_REFUSED',
        `An image of the app could not be pulled in the new VM: ${lastLine(stderr)}`,
        { hint: registryRemedy('registry-away') ?? 'What is live was not touched.' },
      );
    const gone = stdout.split('\n').filter((line) => line !== '');
    if (gone.length > 0)
      context.io.warn(
        `Of older releases ${gone.join(', ')} is not to be had from the registry any more: app:rollback to them will not go in the new VM`,
      );
  }
  for (const network of networks) {
    const { Name: name } = network;
    const { code, stderr } = await to.exec(
      {
        line: sh`docker network inspect ${name} >/dev/null 2>&1 || docker network create ${networkOptions(network)} ${name} >/dev/null`,
      },
      { signal: context.signal, timeoutMs: 60_000 },
    );
    if (code !== 0)
      throw new ZebuError('VM_NOT_READY', `The network ${name} could not be made in the new VM: ${stderr.trim()}`);
  }
  return bytes;
}
