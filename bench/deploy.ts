/**
 * A whole deploy against what a person would write by hand, on the same guest in the same run: `git push` and one `ssh` that
 * checks out, builds and starts, over a connection that is open already; and it waits for health, as a deploy does.
 */
import { inApp, median, timed } from './app.ts';
import { openLaptop } from './laptop.ts';

const AIM = 1.15;

/** @param rounds of each, one after the other in turn */
export function benchDeploy(rounds: number): Promise<void> {
  return inApp(async (app) => {
    const laptop = openLaptop(app);
    app.release();
    laptop.pull();
    laptop.up();
    const hand: number[] = [];
    const remote: number[] = [];
    const own: number[] = [];
    for (let round = 0; round < rounds; round++) {
      app.release();
      hand.push(await timed(() => app.byHand()));
      app.release();
      laptop.pull();
      remote.push(await timed(() => laptop.up()));
      const tag = app.release();
      own.push(await timed(() => app.byZebu(tag)));
    }
    const ratio = median(own) / median(hand);
    const show = (values: readonly number[]): string =>
      `${median(values).toFixed(1)} s  min ${Math.min(...values).toFixed(1)} s`;
    console.log(`\nDeploy of one changed file, one service, ${rounds} rounds in turn (median)`);
    console.log(`git push && ssh docker compose build && up -d --wait   ${show(hand)}  1.00x`);
    console.log(
      `DOCKER_HOST=ssh://… docker compose up --build --wait    ${show(remote)}  ${(median(remote) / median(hand)).toFixed(2)}x`,
    );
    console.log(
      `zebu app:deploy                                        ${show(own)}  ${ratio.toFixed(2)}x  aim <= ${AIM}x  ${ratio <= AIM ? 'met' : 'MISSED'}`,
    );
  });
}
