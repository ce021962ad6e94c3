import { stringify } from 'yaml';
import type { Found } from './detect.js';
import type { Detected } from './results.js';
import type { ChosenTransport } from './transport.js';
import { SETTINGS_RULE } from '../settings/sentence.js';
import type { SecretFound } from './secrets.js';
import type { ImportedStack } from './running/index.js';

export interface Answers {
  readonly app: string;
  readonly compose: readonly string[];
  readonly transport: ChosenTransport;
  /** Undefined: to be filled in later. */
  readonly host: string | undefined;
  readonly url: string | undefined;
  readonly secrets: readonly SecretFound[];
  /** The stack that runs already. */
  readonly imported: ImportedStack | undefined;
}

/** Where the editors' schema is put, beside the hooks of the app. */
export const SCHEMA_FILE = '.zebu/zebu.schema.json';

/** Some of them, and how many more there are. */
export function shortList(names: readonly string[], most = 5): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ');
}

const scalar = (value: unknown): string => stringify(value).trim();

function servicesComment(services: Detected['services']): readonly string[] {
  return services.map(({ name, ports, healthcheck, oneShot }) => {
    const facts = [
      ports.length > 0 ? `ports ${ports.join(', ')}` : '',
      oneShot ? 'runs to its end at each deploy' : healthcheck ? '' : 'no health check: judged by staying up',
    ];
    const said = facts.filter((fact) => fact !== '').join('; ');
    return `  #   ${name}${said === '' ? '' : `: ${said}`}`;
  });
}

/** The login that worked now is the one that zebu is to use; root's is closed in every VM. */
function loginLines(imported: ImportedStack | undefined): readonly string[] {
  const { user } = imported?.from ?? {};
  const file = imported?.identityFile;
  return [
    ...(user === undefined || user === 'deploy' || user === 'root' ? [] : [`  user: ${scalar(user)}`]),
    ...(file === undefined ? [] : [`  identity_file: ${scalar(file)}`]),
  ];
}

/** What a host may be named by besides its address. */
export const orElse = ({ chosen: { host } }: ChosenTransport): string => (host === undefined ? '' : `, or ${host.or}`);

/** The section `proxmox`: what was answered, and as comments what else there is. */
function proxmoxLines({ transport, host }: Answers): readonly string[] {
  const { chosen, others } = transport;
  const also = others.map(({ id, init }) => `or ${id}${init?.needs === undefined ? '' : `, with ${init.needs}`}`);
  return [
    'proxmox:',
    `  transport: ${scalar(chosen.id)}${also.length === 0 ? '' : `   # ${also.join('; ')}`}`,
    host === undefined
      ? `  # host: pve   # address of the Proxmox host${orElse(transport)}`
      : `  host: ${scalar(host)}`,
    ...(chosen.init?.later ?? []).map(({ key, example, where }) => `  # ${key}: ${example}   # ${where}`),
  ];
}

/** zebu.yml, with what was found, what was answered, and what people change first. */
export function renderConfig(
  answers: Answers,
  { detected, composeBelow }: Pick<Found, 'detected' | 'composeBelow'>,
): string {
  const { app, compose, url, secrets, imported } = answers;
  const beside = composeBelow.filter((name) => !name.includes('/') && !compose.includes(name));
  const services = servicesComment(imported?.stack.services ?? detected.services);
  const lines = [
    `# yaml-language-server: $schema=${SCHEMA_FILE}`,
    '# Every key with its default: docs/configuration.md of zebu, or `zebu config:show`.',
    '',
    'app:',
    `  name: ${scalar(app)}${imported === undefined ? '' : '   # of the stack that runs already: its volumes are called after it'}`,
    `  compose: [${compose.map(scalar).join(', ')}]`,
    ...(beside.length === 0 ? [] : [`  # Also here, and not used: ${shortList(beside)}`]),
    ...(services.length === 0
      ? []
      : [imported === undefined ? '  # Services found in them:' : '  # Services that run:', ...services]),
    url === undefined ? '  # url: https://shop.example.org   # where people reach it' : `  url: ${scalar(url)}`,
    '',
    ...proxmoxLines(answers),
    '',
    'vm:',
    '  cores: 2',
    '  memory_mb: 2048',
    '  disk_gb: 20',
    ...loginLines(imported),
    '  # network: { address: 192.0.2.10/24, gateway: 192.0.2.1 }   # default: DHCP',
  ];
  lines.push('', `# ${SETTINGS_RULE}`);
  if (secrets.length === 0) lines.push('# secrets: { API_KEY: {} }');
  else {
    lines.push(
      '# Names only. Values come from .env or the environment, and stay in the VM across deploys.',
      'secrets:',
      ...secrets.map(
        ({ name, declaration, about }) => `  ${name}: ${declaration}${about === '' ? '' : `   # ${about}`}`,
      ),
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Lines that .gitignore needs and does not have. */
export function missingIgnores(gitignore: string): readonly string[] {
  const present = new Set(gitignore.split(/\r?\n/).map((line) => line.trim().replace(/^\//, '')));
  return ['.env', '.env.*', '!.env.example'].filter((line) => !present.has(line));
}
