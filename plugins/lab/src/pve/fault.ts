/** A refusal as PVE gives it: the message of a 500 travels in the reason phrase, that of a 400 in `errors`. */
export class PveFault extends Error {
  readonly status: number;
  readonly errors: Readonly<Record<string, string>> | undefined;

  constructor(status: number, reason: string, errors?: Readonly<Record<string, string>>) {
    super(reason);
    this.status = status;
    this.errors = errors;
  }
}

export function badParameters(errors: Readonly<Record<string, string>>): PveFault {
  return new PveFault(400, 'Parameter verification failed.', errors);
}

/** What a Perl `die` in a handler becomes. */
export function died(message: string): PveFault {
  return new PveFault(500, message);
}
