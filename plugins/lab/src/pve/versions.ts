/** What the lab can answer as, by major version. */
export const PVE_VERSIONS = { '8': '8.4.21', '9': '9.2.11' } as const;

export type PveMajor = keyof typeof PVE_VERSIONS;

/** The commits that these releases of pve-manager were built from. */
const REPOIDS: Readonly<Record<PveMajor, string>> = { '8': '2606ac850d46da29', '9': '14a22df35955d97d' };

/** @param version such as `9.2.11` */
export const majorOf = (version: string): PveMajor => (Number(version.split('.')[0]) >= 9 ? '9' : '8');

/** `9.2` of `9.2.11`. */
export const releaseOf = (version: string): string => version.split('.').slice(0, 2).join('.');

export const repoidOf = (version: string): string => REPOIDS[majorOf(version)];
