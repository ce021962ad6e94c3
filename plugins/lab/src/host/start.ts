export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until this process has run for as long as a program of the node takes to start. */
export const started = (startMs: number): Promise<void> => pause(Math.max(0, startMs - process.uptime() * 1000));
