import { describe, expect, it } from 'vitest';
import { parseSurvey, requireMovable } from '../../../src/lib/rebuild/survey.js';

const SAID = [
  'volume\tshop_db\t/var/lib/docker/volumes/shop_db/_data\t2048\t{"com.docker.compose.project":"shop"}',
  'volume\told\t/var/lib/docker/volumes/old/_data\t4\tnull',
  'folder\t/srv/my files\t8',
  'base\t100',
  'image\tzebu/shop-web:0123456789ab',
  'pulled\tpostgres@sha256:aa',
  'images\t500',
  'network\tedge',
  'unit\tzebu-watch@shop.timer\tenabled',
  'unit\tzebu-watch@shop.service\tstatic',
  '',
].join('\n');

describe('what of an app is in a machine', () => {
  it('is its folder, volumes and what is mounted from outside', () => {
    const { trees, images, imageBytes, pulled, networks, units } = parseSurvey(SAID, '/opt/zebu/shop');
    expect(trees.map(({ what, path, bytes }) => [what, path, bytes])).toEqual([
      ['the folder of the app', '/opt/zebu/shop', 102_400],
      ['volume shop_db', '/var/lib/docker/volumes/shop_db/_data', 2_097_152],
      ['volume old', '/var/lib/docker/volumes/old/_data', 4096],
      ['/srv/my files', '/srv/my files', 8192],
    ]);
    // What is under way in the one machine is not the other's.
    expect(trees[0]?.without).toEqual(expect.arrayContaining(['lock', 'transaction', 'rebuild-stopped']));
    expect(trees[1]?.volume).toEqual({ name: 'shop_db', labels: { 'com.docker.compose.project': 'shop' } });
    expect([images, imageBytes, pulled, networks]).toEqual([
      ['zebu/shop-web:0123456789ab'],
      512_000,
      ['postgres@sha256:aa'],
      ['edge'],
    ]);
    expect(units.filter(({ enabled }) => enabled).map(({ file }) => file)).toEqual(['zebu-watch@shop.timer']);
  });

  it('is refused where it would be left behind without a word', () => {
    const base = '/opt/zebu/shop';
    const mounted = parseSurvey('base\t1\nelsewhere\t/mnt/nas\tfolder\n', base);
    expect(() => requireMovable(mounted, true)).toThrow(expect.objectContaining({ code: 'VM_DIFFERS' }));
    const unnamed = parseSurvey('base\t1\nunnamed\tcache\t/data\t12\n', base);
    expect(() => requireMovable(unnamed, false)).toThrow(expect.objectContaining({ code: 'VM_DIFFERS' }));
    expect(() => requireMovable(unnamed, true)).not.toThrow();
    // Docker mounts it in the new one as well.
    expect(() => requireMovable(parseSurvey('base\t1\nelsewhere\tshop_nfs\tvolume\n', base), false)).not.toThrow();
  });
});
