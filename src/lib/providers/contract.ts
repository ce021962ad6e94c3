import { API_VERSION } from '@zebu/kit';

/** Why a plugin made for this contract version cannot be used; undefined when it can. Absent counts as the current. */
export function contractProblem(version: unknown): string | undefined {
  if (version === undefined || version === API_VERSION) return undefined;
  if (typeof version !== 'number') return `its contract version is not a number`;
  return version < API_VERSION
    ? `it was made for contract version ${version}, older than this zebu's ${API_VERSION}: update the plugin`
    : `it was made for contract version ${version}, newer than this zebu's ${API_VERSION}: update zebu`;
}
