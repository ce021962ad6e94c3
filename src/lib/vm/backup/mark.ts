/** In the notes of every backup zebu makes, and of its job, so that they are found even when the VM is gone. */
export const backupMark = (app: string): string => `zebu-app-${app}`;

const PASSING = 'zebu-passing-';

/** In the notes of a backup that is made for one rehearsal and removed by it: it counts for nobody as a backup. */
export const passingMark = (app: string): string => `${PASSING}${app}`;

const words = (text: string): readonly string[] => text.split(/[\s:,;]+/);

/** Whether a backup with these notes is such a one. @param app of this app only */
export const isPassing = (notes: string, app?: string): boolean =>
  words(notes).some((word) => (app === undefined ? word.startsWith(PASSING) : word === passingMark(app)));

/** Whether a text has the app's mark; undefined where it has none at all, as the work of others. */
export function isMarked(text: string, app: string): boolean | undefined {
  const marks = words(text).filter((word) => word.startsWith(backupMark('')));
  return marks.length === 0 ? undefined : marks.includes(backupMark(app));
}
