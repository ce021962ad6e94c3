const VERSION = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z.-]{1,64}))?$/;

export const isVersion = (text: string): boolean => VERSION.test(text);

/** Whether a release comes after another one; a preview comes before what it is a preview of, and is never offered. */
export function isNewer(candidate: string, current: string): boolean {
  const [theirs, ours] = [VERSION.exec(candidate), VERSION.exec(current)];
  if (theirs === null || ours === null || theirs[4] !== undefined) return false;
  for (const part of [1, 2, 3]) {
    const difference = Number(theirs[part]) - Number(ours[part]);
    if (difference !== 0) return difference > 0;
  }
  return ours[4] !== undefined;
}
