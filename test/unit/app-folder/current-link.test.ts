import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { brokenLink, checkLink, linkProblem, warnOfLink } from '../../../src/lib/app-folder/current-link.js';
import type { Context } from '../../../src/lib/context/context.js';
import { liveCompose } from '../../../src/lib/app/live-compose.js';
import { BROKEN_STATUS, MISSING_STATUS } from '../../../src/lib/app-folder/statuses.js';
import { maintenanceScript } from '../../../src/lib/app/maintenance.js';
import { appLayout } from '../../../src/lib/app-folder/layout.js';
import { surveyScript } from '../../../src/lib/runs/programs/index.js';
import { sumOf } from '../../../src/lib/runs/programs/sums.js';
import { lockPart } from '../../../src/lib/runs/programs/start.js';
import { toReleaseId } from '../../../src/lib/app-folder/release-id.js';
import { parseReleases, releasesScript } from '../../../src/lib/app/releases.js';
import { parseSurvey } from '../../../src/lib/runs/survey.js';
import { storeSurveyScript } from '../../../src/lib/app-folder/secrets/scripts.js';
import { parseStore } from '../../../src/lib/app-folder/secrets/versions.js';
import COMMIT from '../../../src/lib/runner/commit.sh';
import { parseStatus, statusScript } from '../../../src/lib/app-folder/services.js';
import { statusLines } from '../../../src/lib/app/status-text.js';
import { inVmShell } from '../../support/vm-shell.js';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'zebu-current-'));
  mkdirSync(join(base, 'releases/20261128T000000Z-abc'), { recursive: true });
  writeFileSync(join(base, 'releases/20261128T000000Z-abc/plan'), '');
});
afterEach(() => rmSync(base, { recursive: true }));

const link = (to: string): void => symlinkSync(to, join(base, 'current'));
const wentLive = (): void => writeFileSync(join(base, 'releases.jsonl'), '{"verdict":"live"}\n');
const status = (): string | undefined =>
  parseStatus(inVmShell({ docker: ':', flock: ':' }, statusScript(base, 'shop', false)).join('\n')).link;
const endOf = (script: string): string | undefined => inVmShell({ docker: ':' }, `( ${script}\n)\necho $?`).at(-1);

function warned(link: string | undefined): readonly string[] {
  const lines: string[] = [];
  warnOfLink(
    { config: { app: { name: 'shop' } }, io: { warn: (line: string) => lines.push(line) } } as unknown as Context,
    link,
  );
  return lines;
}

describe('the link to the live release', () => {
  it('is told from none at all, before anything went live', () => {
    expect([status(), endOf(liveCompose(base))]).toEqual(['none', String(MISSING_STATUS)]);
    link('releases/20261128T000000Z-abc');
    expect(status()).toBe('live');
  });

  it.each<[string, () => void]>([
    ['missing', () => wentLive()],
    ['dangling', () => link('releases/gone')],
    ['loop', () => link('current')],
    ['other', () => mkdirSync(join(base, 'current'))],
  ])('%s is found by what looks, and stops what needs it', (how, make) => {
    make();
    expect(status()).toBe(how);
    expect(endOf(liveCompose(base))).toBe(String(BROKEN_STATUS));
    expect(linkProblem('shop', how)).toContain('/opt/zebu/shop/current');
    // A run has nothing to go back to, rather than a release that is not there.
    expect(inVmShell({}, `base=${base}\n${COMMIT}\nlive_release; echo "$live_now"`)).toEqual(['']);
  });

  it.each<[string, () => void]>([
    ['missing', () => wentLive()],
    ['dangling', () => link('releases/gone')],
    ['a loop', () => link('current')],
    ['a folder', () => mkdirSync(join(base, 'current'))],
    ['elsewhere', () => link('/etc')],
  ])('is made anew by the next deploy where it is %s', (_, make) => {
    make();
    const layout = { ...appLayout('shop'), base };
    const { current } = parseSurvey(inVmShell({ flock: ':' }, surveyScript(layout)).join('\n'));
    const id = toReleaseId('20261128T000000Z-abcdef0');
    mkdirSync(join(base, 'releases', id));
    writeFileSync(join(base, 'runner'), '');
    const start = { layout, id, run: id, mode: 'deploy', holder: '{}', lockWait: 0, over: current } as const;
    writeFileSync(join(base, 'releases', id, 'plan'), '');
    const script = lockPart({
      ...start,
      run: toReleaseId('20261128T000001Z-abcdef0'),
      runner: { values: { runner_size: 0, runner_sum: sumOf('') } },
    });
    expect(endOf(script)).toBe('0');
    const live = `base=${base} id=${id} run=${id} work=${base}\n${COMMIT}\nnote_containers() { :; }\nmake_current; live_release; echo "$live_now"`;
    expect(inVmShell({}, live)).toEqual([id]);
  });

  it.each<[string, () => void]>([
    ['missing', () => wentLive()],
    ['dangling', () => link('releases/gone')],
    ['loop', () => link('current')],
    ['other', () => mkdirSync(join(base, 'current'))],
  ])('%s is told by what lists and goes back, and by what is asked of secrets', (how, make) => {
    make();
    const listed = parseReleases(inVmShell({}, releasesScript(base)).join('\n'));
    const store = parseStore(inVmShell({}, storeSurveyScript({ ...appLayout('shop'), base })).join('\n'));
    expect([listed.link, store.link]).toEqual([how, how]);
    expect(() => checkLink('shop', listed.link)).toThrow(
      expect.objectContaining({ code: 'APP_MISSING', hint: expect.stringContaining('zebu app:deploy') as string }),
    );
    expect(warned(store.link)).toEqual([expect.stringContaining('zebu app:deploy')]);
    expect(() => checkLink('shop', 'live')).not.toThrow();
    expect([...warned('live'), ...warned('none')]).toEqual([]);
  });

  it('is said first, with what to do', () => {
    const broken = linkProblem('shop', 'loop');
    const text = statusLines({
      ...{
        app: 'shop',
        healthy: false,
        release: null,
        live: null,
        broken,
        last: null,
        deploying: null,
        interrupted: null,
        probation: null,
      },
      ...{
        host: '192.0.2.7',
        url: null,
        services: [],
        drift: null,
        machine: null,
        watch: null,
        proofs: null,
        dumpProofs: null,
        data: null,
      },
    });
    expect(text[1]).toMatch(/^the link .*leads back to itself\. Deploy what is to run: zebu app:deploy/);
    expect(brokenLink('shop', 'loop')).toMatchObject({ code: 'APP_MISSING', exit: 6 });
    link('current');
    const maintenance = maintenanceScript('shop', true).replaceAll('/opt/zebu/shop', base);
    expect(endOf(maintenance)).toBe(String(BROKEN_STATUS));
  });
});
