import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { destroyScript } from '../../../src/lib/app/destroy.js';
import { MISSING_STATUS } from '../../../src/lib/app-folder/statuses.js';
import { inVmShell } from '../../support/vm-shell.js';

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'zebu-destroy-'));
  for (const id of ['r1', 'r2']) {
    mkdirSync(join(top, 'shop/releases', id, 'tree'), { recursive: true });
    writeFileSync(join(top, 'shop/releases', id, 'images.yml'), `    image: "zebu/shop-web:${id}"\n`);
  }
  mkdirSync(join(top, 'shop/shared'));
  mkdirSync(join(top, 'shop/journals'));
  writeFileSync(join(top, 'shop/releases.jsonl'), '');
});
afterEach(() => rmSync(top, { recursive: true }));

/** Docker that writes down what is asked of it; a volume points into r1. */
const docker = (): string => `echo "$*" >>"${top}/asked"
case "$1 $2" in
  'volume ls') echo shop_data ;;
  'volume inspect') echo '{"device":"${top}/shop/releases/r1/tree/pg"}' ;;
  'image ls') printf '%s\\n' zebu/shop-web:r1 zebu/shop-db:r1 ;;
  'compose --progress') exit "$(cat "${top}/status" 2>/dev/null || echo 0)" ;;
esac`;

/** In one shell after the other: what is printed, then the status. */
const destroyed = (volumes: boolean): readonly string[] =>
  inVmShell(
    { docker: docker(), sudo: 'exit 1', flock: ':' },
    `( ${destroyScript('shop', '{}', volumes).replaceAll('/opt/zebu', top)}\n)\necho $?`,
  );

describe('what removes an app', () => {
  it('leaves data, lock and the release that a volume points into', () => {
    expect(destroyed(false).slice(0, 2)).toEqual(['volume=shop_data', '0']);
    expect(readdirSync(join(top, 'shop')).toSorted()).toEqual(['lock', 'releases', 'shared']);
    expect(readdirSync(join(top, 'shop/releases'))).toEqual(['r1']);
  });

  it('removes all of it when the data is to go, too', () => {
    expect(destroyed(true).slice(0, 2)).toEqual(['volume=shop_data', '0']);
    expect(existsSync(join(top, 'shop'))).toBe(false);
  });

  it('says that there is nothing', () => {
    rmSync(join(top, 'shop'), { recursive: true });
    expect(destroyed(false)[0]).toBe(String(MISSING_STATUS));
  });

  it('spares the images that another app names', () => {
    mkdirSync(join(top, 'blog/releases/r9'), { recursive: true });
    writeFileSync(join(top, 'blog/releases/r9/images.yml'), '    image: "zebu/shop-db:r1"\n');
    destroyed(true);
    const asked = readFileSync(join(top, 'asked'), 'utf8').split('\n');
    expect(asked.filter((line) => line.startsWith('image rm')).slice(0, 1)).toEqual(['image rm zebu/shop-web:r1']);
    expect(asked).not.toContain('image rm zebu/shop-db:r1');
  });

  it('stops where Compose cannot take it down, with everything still there', () => {
    writeFileSync(join(top, 'status'), '14');
    expect(destroyed(true)[1]).toBe('1');
    expect(readdirSync(join(top, 'shop/releases'))).toEqual(['r1', 'r2']);
  });
});
