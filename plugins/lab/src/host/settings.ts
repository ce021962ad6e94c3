/** Of the programs in the host shell. */
export interface ProgramSettings {
  /** What a start of one of them costs, in milliseconds. */
  readonly startMs: number;
  /** `pvesh` dies on methods without parameters, as that of 9.2.7 to 9.2.11. */
  readonly regression: boolean;
}

/** A node that has nothing else to do takes this long to load all of the API, which is Perl. */
export const PROGRAM_START_MS = 700;

/** Of that, what it takes to load the part that makes tickets. */
export const TICKET_SHARE = 0.57;

/** As on a real node, with a pvesh that works. */
export const USUAL_PROGRAMS: ProgramSettings = { startMs: PROGRAM_START_MS, regression: false };
