/** In the notes of every backup zebu makes, and of its job, so that they are found even when the VM is gone. */
export const backupMark = (app: string): string => `zebu-app-${app}`;

/** Whether a text has the app's mark; undefined where it has none at all, as the work of others. */
export function isMarked(text: string, app: string): boolean | undefined {
  const marks = text.split(/[\s:,;]+/).filter((word) => word.startsWith(backupMark('')));
  return marks.length === 0 ? undefined : marks.includes(backupMark(app));
}
