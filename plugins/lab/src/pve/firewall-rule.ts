import { isIP } from 'node:net';

/** Macros of pve-firewall. */
export const MACROS: ReadonlySet<string> = new Set(
  [
    'DHCPv6 NeighborDiscovery Amanda Auth BGP BitTorrent BitTorrent32 Ceph CVS Citrix DAAP DCC DHCPfwd DNS Distcc FTP Finger GNUnet GRE Git',
    'HKP HTTP HTTPS ICPV2 ICQ IMAP IMAPS IPIP IPsec IPsecah IPsecnat IRC Jetdirect L2TP LDAP LDAPS MSNP MSSQL Mail',
    'MDNS Munin MySQL NNTP NNTPS NTP OSPF OpenVPN PCA PMG POP3 POP3S PPtP Ping PostgreSQL Printer RDP RIP RNDC',
    'Razor Rdate Rsync SANE SMB SMBswat SMTP SMTPS SNMP SPAMD SSH SVN SixXS SPICEproxy Squid Submission Syslog TFTP',
    'Telnet Telnets Time Trcrt VNC VNCL Web Webcache Webmin Whois',
  ].flatMap((line) => line.split(' ')),
);

/** `22`, `80,443`, `8000:8080`, names of services; what is wrong in PVE's words. */
export function portsProblem(text: string): string | undefined {
  for (const item of text.split(',')) {
    const [first = '', last = first] = item.split(':');
    if (Number(first) > Number(last))
      return `invalid format - backwards range '${item}' not allowed, did you mean '${last}:${first}'?\n`;
    for (const port of [first, last]) {
      if (/^\d+$/.test(port)) {
        if (Number(port) > 65_535) return `invalid format - invalid port '${port}'\n`;
      } else if (!/^[a-z][\w-]*$/i.test(port)) return `invalid format - invalid port '${port}'\n`;
    }
  }
  return undefined;
}

function addressProblem(text: string): string | undefined {
  const [address = '', prefix] = text.split('/');
  const version = isIP(address);
  if (version !== 0) {
    const longest = version === 4 ? 32 : 128;
    return prefix === undefined || (/^\d+$/.test(prefix) && Number(prefix) <= longest)
      ? undefined
      : `invalid IP address: Invalid prefix length /${prefix}`;
  }
  const bad = /^[\d.]+$/.test(address) ? address.split('.').find((quad) => Number(quad) > 255) : undefined;
  if (bad !== undefined) return `invalid IP address: Invalid quad in IP address ${text} - ${bad}`;
  return `invalid IP address: Invalid IP address ${text}`;
}

/** Addresses, networks, ranges, `+sets` and aliases. */
export function sourceProblem(text: string): string | undefined {
  if (/^\+[\w/-]+$/.test(text) || /^((dc|guest)\/)?[A-Za-z][\w-]+$/.test(text)) return undefined;
  for (const item of text.split(',')) {
    const ends = item.includes('-') && !item.includes(':') ? item.split('-') : [item];
    const problem = ends.map(addressProblem).find((each) => each !== undefined);
    if (problem !== undefined) return `invalid format - ${problem}\n`;
  }
  return undefined;
}
