/** Where this zebu was published from; undefined for one that was built from a checkout. */
export function repositoryOf(pjson: object): string | undefined {
  const { repository } = pjson as { repository?: unknown };
  const url = typeof repository === 'string' ? repository : (repository as { url?: unknown } | undefined)?.url;
  return typeof url === 'string' && url !== '' ? url : undefined;
}
