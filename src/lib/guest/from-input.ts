import { sh } from '@zebu/kit';

/** Runs a script from standard input, so that nothing of it is in a process list; all of it is read before any of it runs. */
export const FROM_INPUT = sh`script=$(cat) && eval "$script" </dev/null`;
