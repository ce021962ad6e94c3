import { resolve } from 'node:path';
import { makeBundle, type BundleRequest } from './bundle.js';
import { checkWritable, defaultName, writeBundle } from './write.js';
import type { SupportBundle } from './results.js';

/**
 * @param output the file; `-` for the text itself; undefined for one with the time in its name
 * @throws USAGE when the file is there and `force` is not given
 */
export async function supportBundle(
  request: BundleRequest,
  output: string | undefined,
  force: boolean,
): Promise<SupportBundle> {
  const path = output === '-' ? null : (output ?? defaultName(request.now));
  const file = path === null ? null : resolve(request.cwd, path);
  if (file !== null) await checkWritable(file, force);
  const { text, sections } = await makeBundle(request);
  if (file !== null) await writeBundle(file, text, force);
  return {
    path,
    text: path === null ? text : null,
    bytes: Buffer.byteLength(text),
    sections: sections.map((each) => ({ id: each.id, included: each.text !== null, reason: each.reason })),
  };
}
