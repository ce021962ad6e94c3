import { ROOT } from './access.js';
import { wantedOf } from './ha.js';
import { migrateVm } from './migration.js';
import type { LabNode } from './node.js';
import { shutdownVm, startVm } from './power.js';
import type { HaResource, HaService, TaskRecord, VmRecord } from './state.js';

const ROUND_MS = 1000;

/**
 * The HA manager: it alone starts, stops and moves the VMs that are its resources; requests about them are only recorded for
 * its next round. A real one takes ten seconds a round, and after `max_restart` failures tries other nodes, which this one
 * does not.
 */
export class HaManager {
  readonly #node: LabNode;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;

  constructor(node: LabNode) {
    this.#node = node;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#round ??= this.round()
        .catch(() => undefined)
        .finally(() => (this.#round = undefined));
    }, ROUND_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
  }

  /** Takes the requests, then does for each resource the one thing that is next. */
  async round(): Promise<void> {
    const { file } = this.#node;
    const { ha } = file.state;
    const commands = ha.commands.splice(0);
    for (const sid of Object.keys(ha.services)) {
      const resource = ha.resources[sid];
      if (resource === undefined || wantedOf(resource) === 'ignored') delete ha.services[sid];
    }
    for (const [sid, resource] of Object.entries(ha.resources)) {
      const vmid = Number(sid.slice('vm:'.length));
      const record = file.state.vms[String(vmid)];
      if (record === undefined || wantedOf(resource) === 'ignored') continue;
      const service = (ha.services[sid] ??= { state: 'stopped', failures: 0 });
      const command = commands.findLast((each) => each.sid === sid);
      if (command !== undefined) service.command = command;
      await this.#next(vmid, record, resource, service);
    }
    if (commands.length > 0 || Object.keys(ha.services).length > 0) file.save();
  }

  async #next(vmid: number, record: VmRecord, resource: HaResource, service: HaService): Promise<void> {
    const node = this.#node.carrier(record);
    const task = this.#taskOf(service);
    if (task !== undefined && task.exitstatus === undefined) return;
    if (task !== undefined) this.#judge(task, resource, service);
    // A start under a lock would fail, and count as a failure.
    if (record.lock !== undefined) return;
    const wanted = wantedOf(resource);
    if (service.state === 'error') {
      if (wanted !== 'disabled') return;
      service.failures = 0;
    }
    const { command } = service;
    delete service.command;
    const running = await node.isRunning(vmid, record);
    let timeout = 60;
    if (command?.kind === 'migrate' && command.target !== node.name) {
      this.#move(node, vmid, command.target, service);
      return;
    }
    if (command?.kind === 'stop' && wanted === 'started') {
      resource.state = 'stopped';
      timeout = command.timeout;
    }
    if (wantedOf(resource) === 'started') {
      if (running) service.state = 'started';
      else this.#begin(service, 'request_start', node, 'qmstart', vmid, (handle) => startVm(node, vmid, handle));
    } else if (running) {
      const forced = { timeout: String(timeout), forceStop: '1' };
      this.#begin(service, 'request_stop', node, timeout === 0 ? 'qmstop' : 'qmshutdown', vmid, async (handle) => {
        if (timeout === 0) await node.backend.stop(node.spec(vmid, node.vm(vmid)));
        else await shutdownVm(node, vmid, handle, forced);
      });
    } else service.state = 'stopped';
  }

  #move(node: LabNode, vmid: number, name: string, service: HaService): void {
    const target = node.cluster.get(name);
    if (target === undefined) return;
    this.#begin(service, 'migrate', node, 'qmigrate', vmid, (handle) =>
      // It never asks whether local disks may come along.
      migrateVm(node, target, vmid, true, handle),
    );
  }

  #begin(
    service: HaService,
    state: string,
    node: LabNode,
    type: string,
    vmid: number,
    work: Parameters<LabNode['tasks']['start']>[3],
  ): void {
    service.state = state;
    service.upid = node.tasks.start(type, String(vmid), ROOT, (handle) => node.withLock(vmid, () => work(handle)));
  }

  #taskOf({ upid }: HaService): TaskRecord | undefined {
    return upid === undefined ? undefined : this.#node.file.state.tasks.find((task) => task.upid === upid);
  }

  #judge(task: TaskRecord, { max_restart: restarts = 1 }: HaResource, service: HaService): void {
    delete service.upid;
    if (task.exitstatus === 'OK') service.failures = 0;
    else if (task.type === 'qmshutdown' || task.type === 'qmstop') service.state = 'error';
    else if (task.type === 'qmstart' && ++service.failures > restarts) service.state = 'error';
  }
}
