import type { AfterEvent, ZebuHook } from '@zebu/kit';

export function sentence({ app, outcome, seconds }: AfterEvent<'deploy'>): string {
  return outcome.ok
    ? `${app}: ${outcome.result.ref ?? outcome.result.release} is live after ${seconds} s`
    : `${app}: the deploy failed: ${outcome.error.message}`;
}

/** Called once a deploy has ended, whichever way. What it throws is a warning; `zebu:before-deploy` could refuse. */
const hook: ZebuHook<'after', 'deploy'> = ({ event, io }) => {
  io.note(sentence(event));
};

export default hook;
