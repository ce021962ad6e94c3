import type { DataSettings } from './data-section.js';
import { challengeSecrets, offsiteSecrets, receiverSecrets } from './named-secrets.js';
import type { Receiver } from './notify-declaration.js';
import type { ProxyDeclaration } from './proxy-declaration.js';
import type { PullSection } from './pull-section.js';
import type { RegistryDeclaration } from './registry-declaration.js';

/** What no section of zebu.yml can say for itself, because it takes another one to know. */

interface Checked {
  readonly app: { readonly proxy?: ProxyDeclaration | undefined };
  readonly data?: DataSettings | undefined;
  readonly notify: readonly Receiver[];
  readonly pull?: PullSection | undefined;
  readonly registries: readonly RegistryDeclaration[];
  readonly secrets: Readonly<Record<string, unknown>>;
}

type Refuse = (path: PropertyKey[], why: string) => void;

/** What no registry can say for itself: that it is named once, and that its secret is declared. */
function checkRegistries({ registries, secrets }: Checked, refuse: Refuse): void {
  for (const [index, { host, secret }] of registries.entries()) {
    if (registries.findIndex((other) => other.host === host) < index)
      refuse(['registries', index, 'host'], `${host} is there twice`);
    if (secret !== undefined && !Object.hasOwn(secrets, secret))
      refuse(['registries', index, 'secret'], `${secret} is not declared; add it: secrets: { ${secret}: {} }`);
  }
}

/** What no receiver can say for itself: that its name is its own, and that its secrets are declared. */
function checkReceivers({ notify, secrets }: Checked, refuse: Refuse): void {
  for (const [index, each] of notify.entries()) {
    if (notify.findIndex(({ name }) => name === each.name) < index)
      refuse(['notify', index, 'name'], `${each.name} is there twice`);
    for (const [key, name] of receiverSecrets(each))
      if (!Object.hasOwn(secrets, name))
        refuse(['notify', index, key], `${name} is not declared; add it: secrets: { ${name}: {} }`);
  }
}

/** The secret of `pull` is one that is declared. */
function checkPull({ pull, secrets }: Checked, refuse: Refuse): void {
  const secret = pull?.secret;
  if (secret !== undefined && !Object.hasOwn(secrets, secret))
    refuse(['pull', 'secret'], `${secret} is not declared; add it: secrets: { ${secret}: {} }`);
}

/** What the section cannot say for itself: that its secrets are declared. */
function checkData({ data, secrets }: Checked, refuse: Refuse): void {
  for (const [key, name] of offsiteSecrets(data))
    if (!Object.hasOwn(secrets, name))
      refuse(['data', 'offsite', key], `${name} is not declared; add it: secrets: { ${name}: {} }`);
}

/** No public authority issues for these: Caddy has them from its own, without asking anybody. */
const isInternal = (domain: string): boolean => /(^|\.)(localhost|local|internal|home\.arpa)$/.test(domain);

/** The image of Caddy's own maintainers, which has no module for any DNS. */
const OFFICIAL = /^((docker\.io|index\.docker\.io)\/)?(library\/)?caddy([:@]|$)/;

/** What no key of the proxy can say for itself. */
function checkProxy({ app, secrets }: Checked, refuse: Refuse): void {
  const { proxy } = app;
  if (proxy === undefined) return;
  const { tls: given, domains, image } = proxy;
  if (given === 'auto')
    for (const [index, domain] of domains.entries())
      if (domain.startsWith('*.') && !isInternal(domain))
        refuse(
          ['app', 'proxy', 'domains', index],
          `${domain} cannot be had with \`tls: auto\`: name each domain, or give \`tls: {dns: MODULE, secret: NAME}\` or \`tls: {cert_file: FILE, key_file: FILE}\``,
        );
  if (typeof given !== 'object') return;
  if (domains.length === 0) refuse(['app', 'proxy', 'tls'], 'there is nothing to certify without `app.proxy.domains`');
  if (!('dns' in given)) return;
  if (OFFICIAL.test(image))
    refuse(
      ['app', 'proxy', 'image'],
      `${image} has no module dns.providers.${given.dns}: name an image of Caddy that was built with it`,
    );
  for (const name of challengeSecrets(proxy))
    if (!Object.hasOwn(secrets, name))
      refuse(['app', 'proxy', 'tls'], `${name} is not declared; add it: secrets: { ${name}: {} }`);
}

/** @param refuse is called for each thing that is wrong */
export function checkBetweenSections(config: Checked, refuse: Refuse): void {
  checkRegistries(config, refuse);
  checkProxy(config, refuse);
  checkPull(config, refuse);
  checkReceivers(config, refuse);
  checkData(config, refuse);
}
