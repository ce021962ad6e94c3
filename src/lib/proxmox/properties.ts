/** PVE's `value,key=value,…` strings, as `net0` and `scsi0` hold them. */
export function parseProperties(text: string): {
  readonly bare: string | undefined;
  readonly values: ReadonlyMap<string, string>;
} {
  const values = new Map<string, string>();
  let bare: string | undefined;
  for (const part of text.split(',')) {
    const cut = part.indexOf('=');
    if (cut === -1) bare ??= part;
    else values.set(part.slice(0, cut), part.slice(cut + 1));
  }
  return { bare, values };
}

const MODELS = ['virtio', 'e1000', 'e1000e', 'rtl8139', 'vmxnet3'];

/** The MAC address of a `netN` value, in lower case. */
export function macOf(net: string | undefined): string | undefined {
  if (net === undefined) return undefined;
  const { values } = parseProperties(net);
  const model = MODELS.find((name) => values.has(name));
  return (model === undefined ? values.get('macaddr') : values.get(model))?.toLowerCase();
}

const NET = /^net\d+$/;

/** The network cards of a VM: `net0` and its value, as they stand. */
export const cardsOf = (
  config: Readonly<Record<string, string>>,
): readonly (readonly [card: string, value: string])[] => Object.entries(config).filter(([key]) => NET.test(key));

/** Whether the cable of a `netN` value is out. */
export const isLinkDown = (net: string): boolean => parseProperties(net).values.get('link_down') === '1';

const UNITS: Readonly<Record<string, number>> = { K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

/** The size of a disk value in bytes; undefined when it names none. */
export function diskBytes(disk: string | undefined): number | undefined {
  if (disk === undefined) return undefined;
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(parseProperties(disk).values.get('size') ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits) * (UNITS[unit] ?? 1);
}

/** Sets or removes `key=value` parts; the others keep their place. */
export function setProperties(text: string, changes: Readonly<Record<string, string | undefined>>): string {
  const parts = text.split(',').filter((part) => part !== '');
  const kept = parts.filter((part) => !(part.slice(0, part.indexOf('=')) in changes));
  const set = Object.entries(changes).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  return [...kept, ...set].join(',');
}
