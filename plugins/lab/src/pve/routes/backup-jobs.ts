import { randomUUID } from 'node:crypto';
import { hasPrivilege, requirePrivilege } from '../access.js';
import { coveredBy } from '../backup-jobs.js';
import { nextEvent, parseCalendar } from '../calendar.js';
import { isDiskSlot } from '../disks.js';
import { badParameters, died } from '../fault.js';
import { bool, checkParams, int, str, type ParamSpecs } from '../params.js';
import { parseProperties } from '../property-string.js';
import { route, type Call, type Route } from '../router.js';
import type { BackupJob } from '../state.js';
import { isCloudInit } from '../storage.js';
import { VZDUMP_OPTIONS } from '../vzdump-options.js';

const CALENDAR = {
  type: 'string' as const,
  maxLength: 128,
  format: (text: string) =>
    parseCalendar(text) === undefined ? `invalid format - invalid calendar event '${text}'\n` : undefined,
};

const JOB: ParamSpecs = {
  ...VZDUMP_OPTIONS,
  schedule: CALENDAR,
  starttime: str,
  dow: str,
  enabled: bool,
  comment: { type: 'string', maxLength: 512 },
  'repeat-missed': bool,
};

/** What is raised while the file is locked arrives as text: a 400 inside a 500. */
const raisedUnderLock = (name: string, text: string): Error =>
  died(`400 Parameter verification failed.\n${name}: ${text}\n`);

const NUMBERS = /^(all|enabled|protected|remove|repeat-missed|quiet|ionice|bwlimit|lockwait|stopwait|zstd|pigz)$/;

function shown(id: string, job: BackupJob): Record<string, unknown> {
  const fields = Object.entries(job).map(([name, value]): [string, unknown] => {
    if (name === 'prune-backups') return [name, Object.fromEntries(parseProperties(value, 'keep-last'))];
    return [name, NUMBERS.test(name) ? Number(value) : value];
  });
  return { id, type: 'vzdump', ...Object.fromEntries(fields) };
}

function find({ node, path }: Call): BackupJob {
  const id = path['id'] ?? '';
  const job = node.file.state.backupJobs[id];
  if (job === undefined) throw badParameters({ id: `No such job '${id}'` });
  return job;
}

function checkSchedule(params: Record<string, string>, required: boolean): void {
  const { schedule, starttime, dow } = params;
  if (schedule !== undefined && starttime !== undefined)
    throw badParameters({ starttime: "'starttime' and 'schedule' cannot both be set" });
  if (schedule === undefined && starttime === undefined && required)
    throw badParameters({ schedule: "neither 'starttime' nor 'schedule' were set" });
  if (starttime !== undefined) params['schedule'] = dow === undefined ? starttime : `${dow} ${starttime}`;
  delete params['starttime'];
  delete params['dow'];
}

/** Of what a job backs up there has to be one; `all`, `pool` and a list of VMs exclude each other. */
function checkSelection(job: BackupJob): void {
  if (job['exclude'] !== undefined && job['pool'] === undefined) job['all'] = '1';
  if (job['vmid'] === undefined && job['all'] !== '1' && job['pool'] === undefined)
    throw raisedUnderLock('vmid', 'property is missing');
}

async function create(call: Call): Promise<unknown> {
  const { node, caller } = call;
  requirePrivilege(caller, '/', 'Sys.Modify');
  const { id = randomUUID(), ...job } = { ...checkParams(call.raw, { ...JOB, id: str }) };
  requirePrivilege(caller, `/storage/${job['storage'] ?? 'local'}`, 'Datastore.Allocate');
  checkSchedule(job, true);
  const { backupJobs } = node.file.state;
  if (backupJobs[id] !== undefined) throw died(`Job '${id}' already exists`);
  const made: BackupJob = { enabled: '1', ...job };
  checkSelection(made);
  backupJobs[id] = made;
  node.file.save();
  return null;
}

async function change(call: Call): Promise<unknown> {
  const { node, caller } = call;
  requirePrivilege(caller, '/', 'Sys.Modify');
  const { delete: removed = '', ...params } = { ...checkParams(call.raw, { ...JOB, delete: str }) };
  if (params['storage'] !== undefined) requirePrivilege(caller, `/storage/${params['storage']}`, 'Datastore.Allocate');
  checkSchedule(params, false);
  const names = removed.split(/[,; ]+/).filter((name) => name !== '');
  if (Object.keys(params).length + names.length === 0) throw died('no options specified');
  const { backupJobs } = node.file.state;
  const id = call.path['id'] ?? '';
  const before = backupJobs[id];
  if (before === undefined) throw died('no such vzdump job');
  requirePrivilege(caller, `/storage/${before['storage'] ?? 'local'}`, 'Datastore.Allocate');
  const job: BackupJob = { ...before };
  for (const name of names) {
    if (JOB[name] === undefined) throw raisedUnderLock('delete', `unknown option '${name}'`);
    delete job[name];
  }
  Object.assign(job, params);
  if (params['vmid'] !== undefined) for (const name of ['all', 'exclude', 'pool']) delete job[name];
  else if (params['all'] === '1') for (const name of ['vmid', 'pool']) delete job[name];
  checkSelection(job);
  backupJobs[id] = job;
  node.file.save();
  return null;
}

async function remove(call: Call): Promise<unknown> {
  const { node, caller } = call;
  requirePrivilege(caller, '/', 'Sys.Modify');
  const id = call.path['id'] ?? '';
  const { backupJobs } = node.file.state;
  if (backupJobs[id] === undefined) throw raisedUnderLock('id', `No such job '${id}'`);
  delete backupJobs[id];
  node.file.save();
  return null;
}

async function list({ node, caller }: Call): Promise<unknown> {
  requirePrivilege(caller, '/', 'Sys.Audit');
  return Object.entries(node.file.state.backupJobs).map(([id, job]) => {
    const event = parseCalendar(job['schedule'] ?? '');
    const next = event === undefined ? undefined : nextEvent(event, Date.now() / 1000);
    return { ...shown(id, job), ...(next === undefined ? {} : { 'next-run': next }) };
  });
}

/** `GET …/included_volumes`: guests and their disks, as a tree. */
async function includedVolumes(call: Call): Promise<unknown> {
  const { node, caller } = call;
  requirePrivilege(caller, '/', 'Sys.Audit');
  const { state } = node.file;
  const ids = coveredBy(state, find(call)).filter((id) => hasPrivilege(caller, `/vms/${id}`, 'VM.Audit'));
  const children = ids.map((id) => {
    const record = state.vms[id];
    if (record === undefined) return { id: Number(id), type: 'unknown', leaf: 1 };
    const volumes = Object.entries(record.config).flatMap(([slot, value]) => {
      const properties = parseProperties(String(value), 'file');
      const name = properties.get('file') ?? '';
      if (!isDiskSlot(slot) || isCloudInit(name) || properties.get('media') === 'cdrom') return [];
      const [included, reason] = properties.get('backup') === '0' ? [0, 'backup=no'] : [1, 'backup=yes'];
      return [{ id: `${id}:${slot}`, name, included, reason, leaf: 1 }];
    });
    const leaf = volumes.length === 0 ? 1 : 0;
    return { id: Number(id), type: 'qemu', name: record.config['name'] ?? '', children: volumes, leaf };
  });
  return { children };
}

/** Guests that no job covers. */
async function notBackedUp({ node, caller }: Call): Promise<unknown> {
  requirePrivilege(caller, '/', 'Sys.Audit');
  const { state } = node.file;
  const covered = new Set(Object.values(state.backupJobs).flatMap((job) => coveredBy(state, job)));
  return Object.entries(state.vms)
    .filter(([id]) => !covered.has(id) && hasPrivilege(caller, `/vms/${id}`, 'VM.Audit'))
    .map(([id, { config }]) => ({
      vmid: Number(id),
      type: 'qemu',
      ...(config['name'] === undefined ? {} : { name: config['name'] }),
    }));
}

async function analyze({ caller, raw }: Call): Promise<unknown> {
  requirePrivilege(caller, '/', 'Sys.Audit');
  const params = checkParams(raw, {
    schedule: { ...CALENDAR, required: true },
    starttime: int,
    iterations: { ...int, minimum: 1, maximum: 100 },
  });
  const event = parseCalendar(params['schedule'] ?? '');
  const found: { timestamp: number; utc: string }[] = [];
  let at: number | undefined = Number(params['starttime'] ?? Math.floor(Date.now() / 1000));
  for (let n = 0; event !== undefined && n < Number(params['iterations'] ?? 10); n++) {
    at = nextEvent(event, at);
    if (at === undefined) break;
    found.push({ timestamp: at, utc: utcText(at) });
  }
  return found;
}

/** `Sat Nov 28 21:00:33 2026`. */
function utcText(at: number): string {
  const [, day = '', date = '', month = '', year = '', time = ''] =
    /^(\w+), (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(at * 1000).toUTCString()) ?? [];
  return `${day} ${month} ${date} ${time} ${year}`;
}

const BASE = '/cluster/backup';

export const backupJobRoutes: readonly Route[] = [
  route('GET', BASE, list),
  route('POST', BASE, create),
  route('GET', `${BASE}/{id}`, async (call) => {
    requirePrivilege(call.caller, '/', 'Sys.Audit');
    return shown(call.path['id'] ?? '', find(call));
  }),
  route('PUT', `${BASE}/{id}`, change),
  route('DELETE', `${BASE}/{id}`, remove),
  route('GET', `${BASE}/{id}/included_volumes`, includedVolumes),
  route('GET', '/cluster/backup-info/not-backed-up', notBackedUp),
  route('GET', '/cluster/jobs/schedule-analyze', analyze),
];
