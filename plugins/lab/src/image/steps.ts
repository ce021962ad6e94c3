/** Where the image builder tells what it does; one line each, without a newline. */
export interface Log {
  (line: string): void;
  /** What goes on right now, for a line that is redrawn; where there is none, lines are logged now and then. */
  readonly wait?: (text: string) => void;
}

const TICK_MS = 1000;
/** Without a line that is redrawn. */
const SILENT_MS = 10_000;

/**
 * Runs one step and logs what it is and how long it took; meanwhile how long it has been going on.
 * @param progress how far it is, such as `212 MiB`; asked each second
 */
export async function step<T>(
  log: Log,
  what: string,
  work: () => Promise<T>,
  progress: () => Promise<string> = async () => '',
): Promise<T> {
  log(`${what} …`);
  const started = performance.now();
  let told = started;
  const tick = setInterval(() => {
    void progress()
      .catch(() => '')
      .then((far) => {
        const now = performance.now();
        const text = `${what}: ${Math.round((now - started) / 1000)} s${far === '' ? '' : `, ${far}`}`;
        if (log.wait !== undefined) log.wait(text);
        else if (now - told >= SILENT_MS) {
          told = now;
          log(text);
        }
      });
  }, TICK_MS);
  tick.unref();
  try {
    const result = await work();
    log(`${what}: ${seconds(performance.now() - started)}`);
    return result;
  } finally {
    clearInterval(tick);
  }
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
