/** What the lab's node computes by itself, as Proxmox VE does. */
import { describe, expect, it } from 'vitest';
import { AgentRefused } from '../../../plugins/lab/src/guest/qga.js';
import { FreezeGate } from '../../../plugins/lab/src/guest/freeze-gate.js';
import { nextEvent, parseCalendar } from '../../../plugins/lab/src/pve/calendar.js';
import { portsProblem, sourceProblem } from '../../../plugins/lab/src/pve/firewall-rule.js';
import { PveFault } from '../../../plugins/lab/src/pve/fault.js';
import { markBackups, parseRetention, retentionProblem } from '../../../plugins/lab/src/pve/retention.js';
import type { LabState } from '../../../plugins/lab/src/pve/state.js';
import { assertTags } from '../../../plugins/lab/src/pve/tags.js';
import { exitOf } from '../../../plugins/lab/src/pve/tasks.js';
import { renderBytes } from '../../../plugins/lab/src/pve/volume-log.js';
import { notesProblem } from '../../../plugins/lab/src/pve/vzdump-options.js';

const at = (text: string): number => Date.parse(`${text}Z`) / 1000;

describe('schedules', () => {
  it.each([
    ['daily', '2026-11-28T12:00:00', '2026-11-29T00:00:00'],
    ['mon..fri 03:00', '2026-11-28T12:00:00', '2026-11-30T03:00:00'],
    ['*:0/30', '2026-11-28T12:00:00', '2026-11-28T12:30:00'],
    ['sat,sun 21:15', '2026-11-28T21:15:00', '2026-11-29T21:15:00'],
  ])('%s after %s is %s', (text, after, next) => {
    const event = parseCalendar(text);
    expect(event && nextEvent(event, at(after))).toBe(at(next));
  });

  it.each(['sometimes', '25:00', 'mon..xyz 01:00', ''])('%s is none', (text) => {
    expect(parseCalendar(text)).toBeUndefined();
  });
});

describe('retention', () => {
  const backup = (
    text: string,
    kept?: number,
  ): { volid: string; content: string; format: string; size: number; ctime: number; protected?: number } => ({
    volid: `local:backup/vzdump-qemu-900-${text.slice(0, 10).replaceAll('-', '_')}-${text.slice(11).replaceAll(':', '_')}.vma.zst`,
    content: 'backup',
    format: 'vma.zst',
    size: 1,
    ctime: at(text),
    ...(kept === undefined ? {} : { protected: kept }),
  });
  const marks = (rule: string, backups: ReturnType<typeof backup>[]): string[] => {
    const found = markBackups(backups, parseRetention(rule));
    return backups.map(({ volid }) => found.get(volid) ?? 'none');
  };

  it('keeps the newest, and what is protected beside it', () => {
    const backups = [backup('2026-11-26T01:00:00', 1), backup('2026-11-27T01:00:00'), backup('2026-11-28T01:00:00')];
    expect(marks('keep-last=1', backups)).toEqual(['protected', 'remove', 'keep']);
    expect(marks('keep-all=1', backups)).toEqual(['protected', 'keep', 'keep']);
  });

  it('keeps one a day beyond the last', () => {
    const backups = [
      backup('2026-11-26T01:00:00'),
      backup('2026-11-27T01:00:00'),
      backup('2026-11-27T09:00:00'),
      backup('2026-11-28T01:00:00'),
    ];
    expect(marks('keep-daily=1,keep-last=1', backups)).toEqual(['remove', 'remove', 'keep', 'keep']);
  });

  it('names a rule that there is not', () => {
    expect(retentionProblem('keep-frob=1')).toContain('prune-backups.keep-frob: property is not defined in schema');
    expect(retentionProblem('keep-last=3')).toBeUndefined();
  });
});

describe('restricted tags', () => {
  const state = (datacenter: Record<string, string>): LabState =>
    ({ datacenter, vms: { '900': { config: { tags: 'zebu;a1' } } } }) as unknown as LabState;
  const caller = { id: 'zebu@pve!cli', may: (_path: string, privilege: string) => privilege !== 'Sys.Modify' };
  const refusal = (datacenter: Record<string, string>, before: string, after: string): string => {
    try {
      assertTags(state(datacenter), caller, 900, before, after);
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it.each([
    ['user-allow=list,user-allow-list=zebu', 'zebu;a1', 'zebu', 'a1'],
    ['user-allow=none', 'zebu', 'zebu;x', 'x'],
    ['user-allow=existing', 'zebu', 'zebu;never-seen', 'never-seen'],
  ])('%s: %s → %s names %s', (access, before, after, tag) => {
    expect(refusal({ 'user-tag-access': access }, before, after)).toBe(
      `Permission check failed (/, Sys.Modify for modifying tag '${tag}')`,
    );
  });

  it('lets pass what exists, and what nobody changes', () => {
    expect(refusal({ 'user-tag-access': 'user-allow=existing' }, 'zebu', 'zebu;a1')).toBe('');
    expect(refusal({ 'registered-tags': 'zebu' }, 'zebu;x', 'zebu')).toBe('');
  });

  it('gives and takes a registered tag to nobody', () => {
    expect(refusal({ 'registered-tags': 'zebu' }, 'zebu', '')).toContain("modifying tag 'zebu'");
  });
});

describe('an agent whose file systems are frozen', () => {
  const gate = (): FreezeGate => new FreezeGate({ call: async (command) => command }, new Set(), 'guest');

  it('refuses what is not about freezing, and a second freeze', async () => {
    const agent = gate();
    expect(await agent.call('guest-fsfreeze-freeze')).toBe(1);
    expect(await agent.call('guest-fsfreeze-status')).toBe('frozen');
    expect(await agent.call('guest-ping')).toEqual({});
    for (const command of ['guest-exec', 'guest-fsfreeze-freeze'])
      await expect(agent.call(command)).rejects.toEqual(
        new AgentRefused('CommandNotFound', `Command ${command} has been disabled: the command is not allowed`),
      );
    expect(await agent.call('guest-fsfreeze-thaw')).toBe(1);
    expect(await agent.call('guest-fsfreeze-thaw')).toBe(0);
    expect(await agent.call('guest-exec')).toBe('guest-exec');
  });
});

describe('text', () => {
  it('of a refusal inside a task has its status before it', () => {
    expect(exitOf(new PveFault(403, 'Permission check failed (/vms/600, VM.Config.CDROM)'))).toBe(
      '403 Permission check failed (/vms/600, VM.Config.CDROM)',
    );
    expect(exitOf(new PveFault(500, 'one\ntwo'))).toBe('one two');
  });

  it('of rules and templates says what is wrong', () => {
    expect(portsProblem('99999')).toBe("invalid format - invalid port '99999'\n");
    expect(sourceProblem('10.0.0.300')).toContain('Invalid quad in IP address 10.0.0.300 - 300');
    expect(sourceProblem('10.0.0.0/24')).toBeUndefined();
    expect(notesProblem('{{frob}}')).toBe("found unknown: variable 'frob' at char 4\n");
    expect(renderBytes(64 * 1024 ** 2)).toBe('64.0 MiB');
  });
});
