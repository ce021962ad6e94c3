/**
 * Marks a promise as one whose rejection is handled, by who awaits it later. Without it Node ends the process when the promise
 * rejects before that.
 * @returns the same promise, which rejects for everybody who awaits it
 */
export function handledLater<T extends Promise<unknown>>(promise: T): T {
  promise.catch(() => {});
  return promise;
}
