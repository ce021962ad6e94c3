import { NARROW, table } from '../ui/table.js';
import { formatMinute } from '../ui/units.js';
import { parseReference, shortName } from './reference.js';
import type { Outdated, OutdatedImage } from './results.js';
import { parseVersion } from './version.js';

function nameOf({ image }: OutdatedImage): string {
  const reference = parseReference(image);
  return reference === undefined ? image : shortName(reference);
}

function noteOf(row: OutdatedImage): string {
  const { problem, tag, moved, running } = row;
  if (problem !== null) return problem;
  const runs = running === null || running.tag === null || running.tag === tag ? [] : [`${running.tag} runs`];
  const notes = [
    ...runs,
    ...(moved === true ? [`${tag ?? ''} is another image by now`] : []),
    ...(tag !== null && parseVersion(tag) === undefined ? ['the tag is no version'] : []),
  ];
  return notes.join('; ');
}

/** `app:outdated` for people. */
export function outdatedLines({ images, live, outdated, unknown, app }: Outdated, width = Infinity): readonly string[] {
  if (images.length === 0) return [`${app} has no images that are pulled`];
  const cell = (text: string | null): string => text ?? '-';
  const columns: readonly (readonly [string, (row: OutdatedImage) => string])[] = [
    ['SERVICE', ({ service }) => service],
    ['IMAGE', nameOf],
    ['TAG', ({ tag }) => cell(tag)],
    ['PATCH', ({ patch }) => cell(patch)],
    ['MINOR', ({ minor }) => cell(minor)],
    ['MAJOR', ({ major }) => cell(major)],
    ...(width < NARROW
      ? []
      : [
          [
            'RUNS SINCE',
            ({ running }: OutdatedImage) => (running === null ? '-' : formatMinute(running.since)),
          ] as const,
        ]),
  ];
  const notes = images.flatMap((row) => {
    const note = noteOf(row);
    return note === '' ? [] : [`${row.service}: ${note}`];
  });
  const counted = outdated === 0 ? 'nothing newer' : `${outdated} of ${images.length} with something newer`;
  return [
    ...table(
      columns.map(([title]) => title),
      images.map((row) => columns.map(([, text]) => text(row))),
      width,
    ),
    ...notes,
    ...(live === null ? [] : [`what runs is not known: ${live}`]),
    `${counted}${unknown === 0 ? '' : `, ${unknown} not known`}`,
  ];
}
