export interface PortRange {
  readonly protocol: 'tcp' | 'udp';
  readonly first: number;
  readonly last: number;
}

/** `443`, `8000-8010`, `53/udp`; undefined when it is none of these. */
export function parsePort(text: number | string): PortRange | undefined {
  const [, from = '', to = from, protocol = 'tcp'] =
    /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp))?$/.exec(String(text)) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (from === '' || first < 1 || last > 65_535 || last < first) return undefined;
  return { protocol: protocol === 'udp' ? 'udp' : 'tcp', first, last };
}
