/** `key=value` lines. */
export function parseFacts(stdout: string): ReadonlyMap<string, string> {
  return new Map(
    stdout.split('\n').flatMap((line) => {
      const cut = line.indexOf('=');
      return cut > 0 ? [[line.slice(0, cut), line.slice(cut + 1).trim()] as const] : [];
    }),
  );
}
