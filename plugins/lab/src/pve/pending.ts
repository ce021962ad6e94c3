import type { ConfigValue, VmConfig, VmRecord } from './state.js';

/**
 * What a running VM cannot take at once waits, as on a real node, where only network, disks and what QEMU does not see
 * are changed in place by default. Settings of cloud-init are taken at once, and the VM keeps the ones it was started with.
 */
const CLOUD_INIT = /^(ciuser|cipassword|sshkeys|nameserver|searchdomain|cicustom|citype|ciupgrade|ipconfig\d+)$/;
const AT_ONCE =
  /^(name|onboot|tags|description|protection|startup|shares|cpulimit|cpuunits|balloon|hookscript|net\d+|(scsi|virtio|sata|ide|unused)\d+)$/;

const isAtOnce = (name: string): boolean => AT_ONCE.test(name) || CLOUD_INIT.test(name);

/** Sets and removes what can be now, and keeps the rest for the next start. */
export function changeConfig(
  record: VmRecord,
  running: boolean,
  set: Readonly<VmConfig>,
  removed: readonly string[],
): void {
  const waiting = { set: { ...record.pending?.set }, remove: [...(record.pending?.remove ?? [])] };
  const forget = (name: string): void => {
    delete waiting.set[name];
    waiting.remove = waiting.remove.filter((each) => each !== name);
  };
  for (const [name, value] of Object.entries(set)) {
    forget(name);
    if (!running || isAtOnce(name)) record.config[name] = value;
    else if (record.config[name] !== value) waiting.set[name] = value;
  }
  for (const name of removed) {
    forget(name);
    if (!running || isAtOnce(name)) delete record.config[name];
    else if (record.config[name] !== undefined) waiting.remove.push(name);
  }
  if (Object.keys(waiting.set).length + waiting.remove.length > 0) record.pending = waiting;
  else delete record.pending;
  if (!running) applyPending(record);
}

/** At a start: pending changes become the configuration. */
export function applyPending(record: VmRecord): void {
  record.config = withPending(record);
  delete record.pending;
}

export function withPending(record: VmRecord): VmConfig {
  const config = { ...record.config, ...record.pending?.set };
  for (const name of record.pending?.remove ?? []) delete config[name];
  return config;
}

export interface PendingRow {
  readonly key: string;
  readonly value?: ConfigValue;
  readonly pending?: ConfigValue;
  readonly delete?: number;
}

function row(key: string, before: ConfigValue | undefined, after: ConfigValue | undefined): PendingRow {
  const value = before === undefined ? {} : { value: before };
  if (before === after) return { key, ...value };
  return after === undefined ? { key, ...value, delete: 1 } : { key, ...value, pending: after };
}

/** `GET …/pending`. */
export function pendingRows(record: VmRecord): readonly PendingRow[] {
  const next = withPending(record);
  return [...new Set([...Object.keys(record.config), ...Object.keys(next)])].map((key) =>
    row(key, record.config[key], next[key]),
  );
}

/** At a start: what the drive was made from. */
export function noteCloudInit(record: VmRecord): void {
  record.cloudInit = Object.fromEntries(Object.entries(record.config).filter(([name]) => CLOUD_INIT.test(name)));
}

const SHOWN = ['sshkeys', 'ciuser', 'searchdomain', 'nameserver', 'cipassword'];

/** `GET …/cloudinit`: addresses only when they differ from what the drive was made from. */
export function cloudInitRows(record: VmRecord): readonly PendingRow[] {
  const made = record.cloudInit ?? record.config;
  const names = new Set(
    [...SHOWN, ...Object.keys(made), ...Object.keys(record.config)].filter((name) => CLOUD_INIT.test(name)),
  );
  return [...names]
    .map((name) => row(name, made[name], record.config[name]))
    .filter(
      ({ key, value, pending }) =>
        pending !== undefined ||
        (SHOWN.includes(key) && value !== undefined) ||
        (value !== undefined && record.config[key] === undefined),
    );
}
