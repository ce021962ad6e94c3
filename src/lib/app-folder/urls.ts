/** Ports that are published but never spoken to by a browser. */
const NOT_WEB = new Set([22, 25, 53, 143, 465, 587, 993, 1433, 1883, 3306, 5432, 5672, 6379, 9092, 11211, 27017]);
const TLS = new Set([443, 8443]);
/** What people expect a web page on, best first; other ports follow by number. */
const PREFERRED = [443, 80, 8443, 8080];

/**
 * Addresses at which a browser may reach the app, best first.
 * @param ports as Docker writes them: `0.0.0.0:8080->80/tcp`
 * @param host address of the VM
 */
export function publishedUrls(published: readonly string[], host: string): readonly string[] {
  const ports = published.flatMap((text) => {
    // Ports that follow each other are one range: `0.0.0.0:9000-9001->9000-9001/tcp`.
    const [, address = '', from, to, container, protocol] =
      /^(.*):(\d+)(?:-(\d+))?->(\d+)(?:-\d+)?\/(\w+)$/.exec(text) ?? [];
    // What is bound to the VM's own loopback cannot be reached from here.
    if (protocol !== 'tcp' || address.startsWith('127.') || address === '[::1]') return [];
    const count = Math.min(Number(to ?? from) - Number(from), 100) + 1;
    return Array.from({ length: count }, (_, index) => ({
      hostPort: Number(from) + index,
      containerPort: Number(container) + index,
    })).filter(({ containerPort }) => !NOT_WEB.has(containerPort));
  });
  const rank = (port: number): number => {
    const index = PREFERRED.indexOf(port);
    return index < 0 ? PREFERRED.length + port : index;
  };
  const urls = ports
    .toSorted((a, b) => rank(a.hostPort) - rank(b.hostPort))
    .map(({ hostPort, containerPort }) => {
      const scheme = TLS.has(hostPort) || TLS.has(containerPort) ? 'https' : 'http';
      const usual = hostPort === (scheme === 'https' ? 443 : 80);
      return `${scheme}://${host}${usual ? '' : `:${hostPort}`}/`;
    });
  return [...new Set(urls)];
}

/** Where the app answers: `app.url`, else the best of what it publishes; null where that is nothing. */
export function appUrl(
  app: { readonly url?: string | undefined },
  published: readonly string[],
  host: string,
): string | null {
  return app.url ?? publishedUrls(published, host)[0] ?? null;
}
