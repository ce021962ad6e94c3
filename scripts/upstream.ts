// `npm run upstream`: whether what zebu was made after has moved on: the community script's questions, and Proxmox's API.
// With GITHUB_TOKEN and GITHUB_REPOSITORY it keeps an issue for each; without them it only says what it found.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { issueChange, type Issue, type Watched } from './upstream/issue.ts';
import { common, methodsOf, schemaDifferences, type Methods } from './upstream/pve-schema.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const TIMEOUT_MS = 60_000;
const SCHEMA =
  process.env['PVE_SCHEMA_URL'] ?? 'https://raw.githubusercontent.com/proxmox/pve-docs/master/api-viewer/apidata.js';
/** Of GitHub's lists. */
const PAGE = 100;

interface Review {
  readonly result: {
    readonly current: { readonly commit: string | null } | null;
    readonly unreachable: string | null;
    readonly differences: readonly string[] | null;
  };
}

/** What everybody sees with `zebu vm:script`. */
function communityScript(): Watched {
  const folder = mkdtempSync(`${tmpdir()}/zebu-upstream-`);
  try {
    writeFileSync(`${folder}/zebu.yml`, 'app:\n  name: upstream\n');
    const words = [`${root}bin/run.js`, 'vm:script', '--json'];
    const { stdout, stderr, status } = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`vm:script failed: ${stderr || stdout}`);
    const { current, unreachable, differences } = (JSON.parse(stdout) as Review).result;
    if (current === null || differences === null) throw new Error(unreachable ?? 'the community script cannot be had');
    return {
      id: 'community-script',
      title: 'The community script asks what zebu has no answer for',
      advice: `At ${current.commit ?? 'its newest version'} the dialogs of vm/docker-vm.sh differ from \`dialogs.ts\`. Extend the table, move the pin in \`pin.ts\`, and try it on a real node (\`npm run test:pve\`).`,
      differences,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${url} answers ${response.status} ${response.statusText}`);
  return response;
}

/** What the lab was made after, in all its versions. */
function known(): { readonly version: string; readonly methods: Methods } {
  const folder = `${root}plugins/lab/src/pve/`;
  const versions = readdirSync(folder).flatMap((name) => /^parameters-([\d.]+)\.json$/.exec(name)?.[1] ?? []);
  const sorted = versions.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const read = (version: string): Methods =>
    JSON.parse(readFileSync(`${folder}parameters-${version}.json`, 'utf8')) as Methods;
  const version = sorted.at(-1);
  if (version === undefined) throw new Error('the lab has no schema');
  return { version, methods: common(sorted.map(read)) };
}

async function proxmoxApi(): Promise<Watched> {
  const { version, methods } = known();
  return {
    id: 'proxmox-api',
    title: 'The newest API of Proxmox does not take what zebu sends',
    advice: `proxmox/pve-docs describes an API that differs from \`parameters-${version}.json\` of the lab. Look at each, and add a schema of the newest version to the lab.`,
    differences: schemaDifferences(methods, methodsOf(await (await ask(SCHEMA)).text())),
  };
}

async function keepIssue(watched: Watched, repository: string, token: string): Promise<void> {
  const base = `${process.env['GITHUB_API_URL'] ?? 'https://api.github.com'}/repos/${repository}`;
  const headers = {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${token}`,
    'user-agent': 'zebu-upstream',
    'x-github-api-version': '2022-11-28',
  };
  const open: Issue[] = [];
  for (let page = 1; ; page++) {
    const list = (await (
      await ask(`${base}/issues?state=open&per_page=${PAGE}&page=${page}`, { headers })
    ).json()) as readonly Issue[];
    open.push(...list);
    if (list.length < PAGE) break;
  }
  const change = issueChange(watched, open);
  if (change === undefined) return;
  await ask(`${base}${change.path}`, { method: change.method, headers, body: JSON.stringify(change.body) });
  console.log(`${watched.id}: ${change.method} ${change.path}`);
}

const { GITHUB_TOKEN: token, GITHUB_REPOSITORY: repository } = process.env;
let failed = false;
// One that cannot be asked is no reason not to ask the other.
for (const look of [async () => communityScript(), proxmoxApi]) {
  try {
    const watched = await look();
    console.log(`${watched.id}: ${watched.differences.length} differences`);
    for (const difference of watched.differences) console.log(`  ${difference}`);
    if (token !== undefined && token !== '' && repository !== undefined) await keepIssue(watched, repository, token);
  } catch (error) {
    failed = true;
    console.error((error as Error).message);
  }
}
process.exitCode = failed ? 1 : 0;
