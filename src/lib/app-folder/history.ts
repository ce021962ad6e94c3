import type * as z from 'zod';
import { acceptedJson } from '../config/rules.js';
import { releaseLine } from './built-rules.js';
import type { releaseRecord } from './history-schema.js';
import { causeOfWords } from './older-words.js';

export type ReleaseRecord = z.infer<typeof releaseRecord>;

/** The history file, oldest first; a line that was cut off by a crash is left out. */
export function parseHistory(text: string): readonly ReleaseRecord[] {
  return text.split('\n').flatMap((line) => {
    const record = acceptedJson(line, releaseLine);
    if (record === undefined) return [];
    return [{ ...record, cause: record.cause === '' ? (causeOfWords(record) ?? '') : record.cause }];
  });
}
