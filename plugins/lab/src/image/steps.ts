/** Where the image builder tells what it does; one line each, without a newline. */
export type Log = (line: string) => void;

/** Runs one step and logs what it is and how long it took. */
export async function step<T>(log: Log, what: string, work: () => Promise<T>): Promise<T> {
  log(`${what} …`);
  const started = performance.now();
  const result = await work();
  log(`${what}: ${seconds(performance.now() - started)}`);
  return result;
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
