/** Where the acceptance suite runs: a node that variables name, or a lab. */
import { ZebuError } from '@zebu/kit';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';

export type TransportId = 'api' | 'ssh';
export type Provisioner = 'cloud-image' | 'community-script';

export interface Target {
  /** For the report. */
  readonly title: string;
  /** The section `proxmox` of zebu.yml for each way there is to the node. */
  readonly proxmox: Readonly<Partial<Record<TransportId, Readonly<Record<string, unknown>>>>>;
  /** Over what every VM's section has. */
  readonly vm: Readonly<Record<string, unknown>>;
  readonly image: { readonly url: string; readonly checksum: string } | undefined;
  /** Makes a project use another script than upstream's. */
  readonly prepareScript?: (folder: string) => Readonly<Record<string, unknown>>;
  /** Ids that are the suite's own. */
  readonly vmids: { readonly from: number; readonly to: number };
  /** Variables for zebu. */
  readonly env: Readonly<Record<string, string>>;
}

type Env = Readonly<Record<string, string | undefined>>;

const without = (section: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(section).filter(([, value]) => value !== undefined));

function idsOf(text: string): Target['vmids'] {
  const [, from = '', to = ''] = /^(\d{3,9})-(\d{3,9})$/.exec(text) ?? [];
  if (from !== '' && Number(to) - Number(from) >= 9) return { from: Number(from), to: Number(to) };
  throw new ZebuError('USAGE', `ZEBU_PVE_VMIDS=${text}: expected a range of ten or more ids, such as 9700-9719`);
}

/** @throws USAGE naming the variable that is missing */
export function targetOf(env: Env): Target {
  const get = (name: string): string | undefined => env[name] || undefined;
  const host = get('ZEBU_PVE_HOST');
  if (host === undefined) {
    throw new ZebuError('USAGE', 'ZEBU_PVE_HOST is not set: the address of a Proxmox VE node to test on', {
      hint: 'docs/testing-on-proxmox.md has all variables; --lab 9.2 runs against a lab on this machine.',
    });
  }
  const token = get('ZEBU_PVE_TOKEN');
  const shared = { host, node: get('ZEBU_PVE_NODE'), timeout: 120, task_timeout: 3600 };
  const ssh = without({
    ...shared,
    port: get('ZEBU_PVE_SSH_PORT') === undefined ? undefined : Number(get('ZEBU_PVE_SSH_PORT')),
    user: get('ZEBU_PVE_SSH_USER'),
    identity_file: get('ZEBU_PVE_IDENTITY_FILE'),
    known_hosts: get('ZEBU_PVE_KNOWN_HOSTS'),
  });
  const api = without({
    ...shared,
    port: get('ZEBU_PVE_API_PORT') === undefined ? undefined : Number(get('ZEBU_PVE_API_PORT')),
    fingerprint: get('ZEBU_PVE_FINGERPRINT'),
    ca_file: get('ZEBU_PVE_CA_FILE'),
  });
  const url = get('ZEBU_PVE_IMAGE_URL');
  const checksum = get('ZEBU_PVE_IMAGE_CHECKSUM');
  if ((url === undefined) !== (checksum === undefined))
    throw new ZebuError('USAGE', 'ZEBU_PVE_IMAGE_URL and ZEBU_PVE_IMAGE_CHECKSUM belong together');
  const bridge = get('ZEBU_PVE_BRIDGE');
  return {
    title: 'a node of Proxmox VE',
    proxmox: { ...(get('ZEBU_PVE_SSH') === '0' ? {} : { ssh }), ...(token === undefined ? {} : { api }) },
    vm: without({ storage: get('ZEBU_PVE_STORAGE'), network: bridge === undefined ? undefined : { bridge } }),
    image: url === undefined || checksum === undefined ? undefined : { url, checksum },
    vmids: idsOf(get('ZEBU_PVE_VMIDS') ?? '9700-9719'),
    env: token === undefined ? {} : { ZEBU_PROXMOX_TOKEN: token },
  };
}

/** A lab as the target. @param prepareScript its stand-in for the community script */
export function labTarget(lab: LabReport, prepareScript: NonNullable<Target['prepareScript']>): Target {
  const { ssh, api, image } = lab;
  return {
    title: `the lab as Proxmox VE ${lab.pve}`,
    proxmox: {
      ssh: {
        host: ssh.host,
        port: ssh.port,
        user: ssh.user,
        identity_file: ssh.identityFile,
        known_hosts: ssh.knownHostsFile,
      },
      api: { host: api.host, port: api.port, token_file: api.tokenFile, fingerprint: api.fingerprint },
    },
    vm: { memory_mb: 512, disk_gb: 10 },
    image: { url: image.url, checksum: `sha256:${image.sha256 ?? ''}` },
    prepareScript,
    vmids: { from: 9700, to: 9719 },
    env: {},
  };
}
