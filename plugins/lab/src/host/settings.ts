/** Of the programs in the host shell. */
export interface ProgramSettings {
  /** What a start of one of them costs, in milliseconds. */
  readonly startMs: number;
  /** `pvesh` dies on methods without parameters, as that of 9.2.7 to 9.2.11. */
  readonly regression: boolean;
}

/** A node that has nothing else to do takes this long to load all of the API, which is Perl. */
export const PROGRAM_START_MS = 700;

/**
 * Of that, what the node's Perl takes for a ticket with all of PVE::AccessControl (0.4 of 1.2 CPU seconds on a real node). Measured
 * beside each other, with the code of 9.2: pvesh 1.55 s, PVE::AccessControl 0.41 s, PVE::Ticket alone 0.06 s; the lab's own, which loads
 * the same libraries, takes as long as the last.
 */
export const ACCESS_SHARE = 0.33;

/** As on a real node, with a pvesh that works. */
export const USUAL_PROGRAMS: ProgramSettings = { startMs: PROGRAM_START_MS, regression: false };
