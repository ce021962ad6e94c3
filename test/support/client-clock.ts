/** The environment of a client whose clock is ahead of this machine's, or behind it: all that Node knows of the time is shifted. */
export function clockAhead(seconds: number): Readonly<Record<string, string>> {
  const code = `
const Real = Date;
const ahead = ${seconds * 1000};
globalThis.Date = class Date extends Real {
  constructor(...given) {
    if (given.length === 0) super(Real.now() + ahead);
    else super(...given);
  }
  static now() {
    return Real.now() + ahead;
  }
};`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
}
