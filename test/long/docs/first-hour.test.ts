/**
 * README's start, typed in an empty home by a person who has nothing else: what is recorded in docs/first-hour.md is what
 * happens. ZEBU_RECORD_FIRST_HOUR=1 records it (`npm run first-hour`). Then docs/setup.md, in the same home.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { theLab } from '../../support/lab.js';
import { parse, stringify } from 'yaml';
import { ROOT } from '../../support/cli.js';
import { blocksUnder, withoutComment } from '../../support/doc-blocks.js';
import { emptyHome, type Home } from '../../support/first-hour/home.js';
import { blocksOfPage, CAST, castOf, compared, PAGE, pageOf } from '../../support/first-hour/page.js';
import { playStart } from '../../support/first-hour/play.js';
import { screenOf } from '../../support/first-hour/screen.js';
import { openSession, type Session, type Typed } from '../../support/first-hour/session.js';
import { git } from '../../support/project.js';

const recording = (process.env['ZEBU_RECORD_FIRST_HOUR'] ?? '') !== '';
const lab = theLab();

let home: Home;
let shop: string;

beforeAll(() => {
  home = emptyHome(lab);
  shop = home.clone('shop');
});
afterAll(async () => {
  const session = await openSession(home, shop);
  for (const each of ['', ' --env staging']) await session.type(`zebu vm:destroy --yes${each}`);
  await session.close();
  home.remove();
});

async function textOf(typed: Typed): Promise<string> {
  return (await screenOf(typed.shown)).rows.join('\n');
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Nothing is left of the first hour but zebu itself, and what a person brings: another version, and values of their own. */
async function beginAnew(): Promise<{ session: Session; done: string[] }> {
  const session = await openSession(home, shop);
  await session.type('zebu vm:destroy --yes');
  writeFileSync(join(shop, 'web/www/version'), 'v1.1.0\n');
  git(shop, 'commit', '-qam', 'Shop 1.1.0');
  git(shop, 'tag', 'v1.1.0');
  const values = 'API_KEY=4f9a1c07be52d86e3370\nPOSTGRES_PASSWORD=88b1f0a6c2d94e7d\n';
  for (const name of ['.env', '.env.staging']) writeFileSync(join(shop, name), values, { mode: 0o600 });
  return { session, done: [] };
}

/** What the page shows of zebu.yml is put into it; what is another app's is the overlay beside it. */
function write(text: string): void {
  const part = parse(text) as { app?: { name?: string } };
  if (part.app?.name?.endsWith('-staging') === true) {
    writeFileSync(join(shop, 'zebu.staging.yml'), text);
    return;
  }
  const file = join(shop, 'zebu.yml');
  const whole = parse(readFileSync(file, 'utf8')) as Record<string, object>;
  for (const [name, section] of Object.entries(part)) whole[name] = { ...whole[name], ...(section as object) };
  writeFileSync(file, stringify(whole));
}

/** Addresses of the documentation are nobody's; here they are the lab's. */
const placed = (text: string): string => text.replaceAll('192.0.2.', lab.network.subnet.replace(/\d+\/\d+$/, ''));

it('the first hour is as it is recorded', { timeout: 600_000 }, async () => {
  const started = new Date();
  const played = await playStart(home, shop);
  for (const typed of played) expect(typed.exit, await textOf(typed)).toBe(0);
  const page = await pageOf(played);
  if (recording) {
    writeFileSync(join(ROOT, PAGE), page);
    writeFileSync(join(ROOT, CAST), castOf(played, started));
  }
  const recorded = blocksOfPage(readFileSync(join(ROOT, PAGE), 'utf8'));
  expect(blocksOfPage(page).map(compared)).toEqual(recorded.map(compared));
  const url = /^http:\S+$/m.exec(await textOf(played.at(-1)!))?.[0] ?? '';
  expect(await (await fetch(url)).text()).toContain('The shop, v1.0.0');
});

it('setup.md can be followed from its beginning to its end', { timeout: 600_000 }, async () => {
  const { session, done } = await beginAnew();
  for (const block of blocksUnder('docs/setup.md')) {
    if (block.instead || (block.notRun !== undefined && !block.onHost)) continue;
    const at = `setup.md:${block.line}`;
    if (block.kind === 'yaml') write(placed(block.lines.join('\n')));
    if (block.kind !== 'shell') continue;
    for (const line of block.lines.map(withoutComment).filter((each) => each !== '')) {
      const typed = await session.type(block.onHost ? `ssh root@pve ${quoted(line)}` : line);
      expect(typed.exit, `${at}\n${await textOf(typed)}`).toBe(0);
      done.push(line);
    }
  }
  await session.close();
  expect(done.length).toBeGreaterThan(15);
  expect(done).toContain('zebu app:deploy --tag v1.1.0');
});
