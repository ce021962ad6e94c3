import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeCalls, describeChange, unitsChange } from '../../../src/lib/units/change.js';
import DIGESTS from '../../../src/lib/units/digests.sh';
import { callsScript, installScript, lookScript, removeScript, unitFunctions } from '../../../src/lib/units/scripts.js';
import { parseSeenUnits, unitTroubles, type SeenUnits } from '../../../src/lib/units/seen.js';
import { renderUnit, type Unit, type UnitOwner } from '../../../src/lib/units/unit.js';
import { allShells, runIn, standIns } from '../../support/shells.js';

const watch: Unit = {
  name: 'watch',
  summary: 'Look',
  program: 'echo looked\n',
  start: { every: 60 },
  limit: 50,
  rights: 'docker',
  writes: ['watch'],
};
const run: Unit = { ...watch, name: 'watch-run', rights: 'deploy', start: { path: 'watch/order' } };

describe.each(allShells())('in $name, the units of an app', (shell) => {
  let folder: string;
  let systemd: { etc: string; run: string };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'zebu-units-'));
    systemd = { etc: join(folder, 'etc'), run: join(folder, 'run') };
    mkdirSync(systemd.etc);
    mkdirSync(systemd.run);
    standIns(join(folder, 'bin'), {
      systemctl: `echo "$*" >>'${folder}/asked'
case $1 in
  is-active) [ -e '${folder}/stopped' ] && exit 3; exit 0 ;;
  show) printf 'Result=success\\nExecMainStatus=0\\nExecMainExitTimestamp=Sun 2026-11-29 10:00:00 UTC\\nActiveState=inactive\\n' ;;
  list-timers) echo '[{"next":1795946460000000,"unit":"x"}]' ;;
esac`,
      // Whoever runs the tests need not be root.
      install: `set -- "$@" --; while [ "$1" != -- ]; do case $1 in -o|-g) shift 2 ;; *) each=$1; shift; set -- "$@" "$each" ;; esac; done; shift; exec /usr/bin/install "$@"`,
    });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const ownerOf = (app: string): UnitOwner => ({ app, base: join(folder, app), user: userInfo().username });
  const ran = (script: string) => {
    const result = runIn(shell, script, { env: { PATH: join(folder, 'bin') } });
    expect(result.stderr).toBe('');
    return result;
  };
  const install = (app: string, ...units: readonly Unit[]): void => {
    const owner = ownerOf(app);
    expect(
      ran(
        installScript(
          owner,
          units.map((unit) => renderUnit(unit, owner)),
          systemd,
        ),
      ).code,
    ).toBe(0);
  };
  const look = (app: string): SeenUnits => parseSeenUnits(ran(lookScript(ownerOf(app), systemd)).stdout);
  const troubles = (app = 'shop'): readonly string[] => look(app).units.flatMap(unitTroubles);
  const asked = (): string => readFileSync(join(folder, 'asked'), 'utf8');
  const etc = (name: string): string => join(systemd.etc, name);

  it('are written, enabled and started, and stay as they are when they are written again', () => {
    install('shop', watch, run);
    expect(readlinkSync(etc('timers.target.wants/zebu-watch@shop.timer'))).toBe(etc('zebu-watch@shop.timer'));
    expect(readlinkSync(etc('paths.target.wants/zebu-watch-run@shop.path'))).toBe(etc('zebu-watch-run@shop.path'));
    expect(readFileSync(join(folder, 'shop/units/watch'), 'utf8')).toContain('echo looked');
    expect(existsSync(join(folder, 'shop/watch'))).toBe(true);
    expect(asked()).toMatch(/^daemon-reload\nrestart zebu-watch@shop.timer\nrestart zebu-watch-run@shop.path\n/);
    install('shop', watch, run);
    expect(troubles()).toEqual([]);
  });

  it('are seen as systemd has them', () => {
    install('shop', watch);
    expect(look('shop')).toEqual({
      systemd: true,
      units: [
        {
          name: 'watch',
          files: { 'zebu-watch@shop.service': 'ok', 'zebu-watch@shop.timer': 'ok' },
          running: false,
          lastStart: null,
          lastEnd: Date.parse('2026-11-29T10:00:00Z') / 1000,
          lastResult: 'success',
          lastStatus: 0,
          next: 1795946460,
        },
      ],
    });
  });

  it.each<[string, (etcOf: (name: string) => string, base: string) => void, string]>([
    ['gone', (at) => rmSync(at('zebu-watch@shop.service')), 'zebu-watch@shop.service is missing'],
    ['changed', (at) => writeFileSync(at('zebu-watch@shop.timer'), '[Timer]\n'), 'zebu-watch@shop.timer is edited'],
    [
      'not enabled',
      (at) => rmSync(at('timers.target.wants/zebu-watch@shop.timer')),
      'zebu-watch@shop.timer is disabled',
    ],
    [
      'masked',
      (at) => {
        rmSync(at('zebu-watch@shop.timer'));
        symlinkSync('/dev/null', at('zebu-watch@shop.timer'));
      },
      'zebu-watch@shop.timer is masked',
    ],
  ])('that are %s are told, and put right', (_, change, trouble) => {
    install('shop', watch);
    change(etc, join(folder, 'shop'));
    expect(troubles()).toEqual([trouble]);
    expect(ran(`${unitFunctions(ownerOf('shop'), systemd)}place_units\n`).code).toBe(0);
    expect(troubles()).toEqual([]);
  });

  it('that do not run, and a program that is another one, are told', () => {
    install('shop', watch);
    writeFileSync(join(folder, 'stopped'), '');
    expect(troubles()).toEqual(['zebu-watch@shop.timer is stopped']);
    writeFileSync(join(folder, 'shop/units/watch'), 'echo other\n');
    expect(troubles()).toEqual(['zebu-watch@shop.service is edited', 'zebu-watch@shop.timer is stopped']);
  });

  it('are only those of this app, whatever the others are called', () => {
    for (const app of ['shop', 'shop-watch', 'watch-shop']) install(app, watch, run);
    expect(ran(removeScript(ownerOf('shop'), [], systemd)).code).toBe(0);
    expect(look('shop')).toEqual({ systemd: true, units: [] });
    expect(existsSync(etc('zebu-watch@shop.timer'))).toBe(false);
    expect(existsSync(join(folder, 'shop/units'))).toBe(false);
    expect(asked()).toContain('stop zebu-watch-run@shop.path zebu-watch@shop.timer\n');
    for (const app of ['shop-watch', 'watch-shop']) {
      expect(look(app).units.map(({ name }) => name)).toEqual(['watch-run', 'watch']);
      expect(troubles(app)).toEqual([]);
    }
  });

  it('are known by a digest, and brought to what is wanted by it', () => {
    install('shop', watch, run);
    install('shop-watch', watch);
    const owner = ownerOf('shop');
    const digests = (): ReadonlyMap<string, string> =>
      new Map(
        ran(`${DIGESTS}unit_digests '${owner.base}/units' shop`)
          .stdout.trim()
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => line.split(' ') as [string, string]),
      );
    const rendered = [watch, run].map((unit) => renderUnit(unit, owner));
    expect(digests()).toEqual(new Map(rendered.map(({ name, digest }) => [name, digest])));
    const names = ['watch', 'watch-run'];
    expect(unitsChange({ units: rendered, names }, digests())).toBeUndefined();
    mkdirSync(join(owner.base, 'watch-run'));
    const slower = renderUnit({ ...watch, start: { every: 90 } }, owner);
    const change = unitsChange({ units: [slower], names }, digests());
    expect(change).toEqual({ install: [slower], remove: ['watch-run'] });
    if (change === undefined) throw new Error('a change');
    expect(describeChange(change)).toBe('without watch as it is now, with watch-run');
    expect(ran(callsScript(owner, changeCalls(change), systemd)).code).toBe(0);
    expect(digests()).toEqual(new Map([['watch', slower.digest]]));
    expect(existsSync(join(owner.base, 'watch-run'))).toBe(false);
    expect(existsSync(etc('zebu-watch@shop-watch.timer'))).toBe(true);
  });

  it('go one by one, too', () => {
    install('shop', watch, run);
    expect(ran(removeScript(ownerOf('shop'), ['watch'], systemd)).code).toBe(0);
    expect(look('shop').units.map(({ name }) => name)).toEqual(['watch-run']);
  });

  it('are files and links where no systemd runs', () => {
    rmSync(systemd.run, { recursive: true });
    install('shop', watch);
    expect(look('shop')).toMatchObject({ systemd: false, units: [{ name: 'watch', lastEnd: null, next: null }] });
    expect(troubles()).toEqual([]);
    expect(existsSync(join(folder, 'asked'))).toBe(false);
  });
});
