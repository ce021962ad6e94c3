import { ZebuError, type HostShell } from '@zebu/kit';
import { parseFacts } from '../../../guest/facts.js';
import { toNodeName, type NodeName } from '../../../proxmox/ids.js';
import SURVEY from './host-survey.sh';

const GIB = 1024 ** 3;
/** An image, its copy while Docker is put into it, and room to breathe. */
const ROOM_GIB = 4;
/** Programs of every Proxmox host that the run relies on. */
const NEEDED = ['awk', 'bash', 'curl', 'flock', 'jq', 'openssl', 'qemu-img', 'script', 'setsid', 'timeout'];

export interface ScriptHost {
  readonly node: NodeName;
  /** As Debian names it: `amd64`, `arm64`. */
  readonly arch: string;
  /** libguestfs-tools is there; otherwise the script installs it. */
  readonly customizes: boolean;
}

/**
 * @param loginKey of zebu.yml, which says who logs in on the host; undefined where the transport has none
 * @param wanted the node the VM is to be on; undefined when the host's own is as good as any
 * @throws what keeps the script from working on this host, before anything is changed
 */
export async function surveyHost(
  shell: HostShell,
  wanted: string | undefined,
  loginKey: string | undefined,
): Promise<ScriptHost> {
  const { stdout } = await shell.exec(['sh', '-c', SURVEY, 'sh', ...NEEDED], { timeoutMs: 30_000 });
  const facts = parseFacts(stdout);
  const lacks = stdout.split('\n').flatMap((line) => (line.startsWith('lacks=') ? [line.slice(6)] : []));
  if (facts.get('uid') !== '0') {
    throw new ZebuError(
      'CONFIG_INVALID',
      `The community script must run as root, and ${loginKey ?? 'the login on the host'} is not root`,
      {
        hint: `${loginKey === undefined ? 'Log in there as root' : `Set ${loginKey} to root`}, or set vm.provisioner to cloud-image.`,
      },
    );
  }
  const host = facts.get('host') ?? '';
  if (wanted !== undefined && host !== wanted) {
    throw new ZebuError(
      'CONFIG_INVALID',
      `The community script makes its VM on the node it runs on, which is ${host}, and the VM is wanted on ${wanted}`,
      { hint: `Set proxmox.host to ${wanted}, proxmox.node to ${host}, or vm.provisioner to cloud-image.` },
    );
  }
  const arch = facts.get('arch') ?? '';
  if (arch !== 'amd64' && arch !== 'arm64') {
    throw new ZebuError(
      'CONFIG_INVALID',
      `The community script knows amd64 and arm64; this node is ${arch || 'neither'}`,
      {
        hint: 'Set vm.provisioner to cloud-image.',
      },
    );
  }
  if (lacks.length > 0) {
    throw new ZebuError('CONFIG_INVALID', `The host lacks ${lacks.join(', ')}, which the community script needs`, {
      hint: `Install on the host: apt install ${lacks.join(' ')}; or set vm.provisioner to cloud-image.`,
    });
  }
  const room = Number(facts.get('room') ?? '0') * 1024;
  if (room < ROOM_GIB * GIB) {
    throw new ZebuError(
      'NO_SPACE',
      `The host has ${(room / GIB).toFixed(1)} GiB left below /var/lib; preparing the image needs ${ROOM_GIB}`,
      {
        hint: 'Free some, or set vm.provisioner to cloud-image.',
      },
    );
  }
  return { node: toNodeName(host), arch, customizes: facts.get('customize') === 'yes' };
}
