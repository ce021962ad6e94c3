/** A folder of src/lib. */
export interface Folder {
  readonly name: string;
  /** What a stranger finds there, in one line of docs/architecture.md. */
  readonly holds: string;
  /** The folders it may import from, which all stand above it in this table. Types count. */
  readonly uses: readonly string[];
}

const folder = (name: string, holds: string, ...uses: readonly string[]): Folder => ({ name, holds, uses });

/**
 * The direction of the house: a folder knows those above it and none below. So whatever is read can be understood from the
 * top down, and a change in a folder can break only what stands below it.
 */
export const FOLDERS: readonly Folder[] = [
  folder('ui', 'steps, tables, questions and waiting on a terminal, or as plain lines'),
  folder('config', 'zebu.yml + overlay + ZEBU_* + flags: one frozen object, with where each value came from'),
  folder('redaction', 'what a person would not want in a public issue: names, addresses, credentials'),
  folder('repository', 'the git repository here: the commit to deploy, and what of it is sent'),
  folder('update', 'whether there is a newer zebu'),
  folder('plugin-template', 'what `zebu plugin:new` writes'),
  folder('plugins', 'plugins that are installed: from where, and what is wrong with them'),
  folder('context', 'everything a command may touch, made once and handed down; time limits', 'config'),
  folder(
    'providers',
    'finds the transport and the secret sources that plugins offer',
    'config',
    'redaction',
    'context',
  ),
  folder('hooks', 'runs an operation between the hooks that plugins have for it', 'context', 'providers'),
  folder('proxmox', 'Proxmox VE as it answers: client, schemas, tasks, ownership, permissions', 'ui', 'context'),
  folder('units', 'what the VM starts by itself: units of systemd as data, their sandbox, how they are put there'),
  folder(
    'guest',
    'where the VM is, the SSH session into it, and what it has to have',
    'config',
    'context',
    'proxmox',
    'units',
  ),
  folder('compose', 'what Compose files say, read on this machine', 'config'),
  folder(
    'vm',
    'the VM as it should be: plan, creation, change, lifecycle, snapshots, backups',
    'ui',
    'config',
    'context',
    'providers',
    'hooks',
    'proxmox',
    'guest',
    'compose',
  ),
  folder(
    'certificate',
    'certificates that files on this machine hold: of the front proxy, and of private authorities',
    'config',
    'repository',
    'context',
  ),
  folder(
    'app-folder',
    "the app's folder in the VM: its layout, lock, history, status, and the secrets in it",
    'config',
    'context',
    'guest',
  ),
  folder(
    'command',
    'the base of commands about one app: loads the configuration, makes the Context',
    'config',
    'context',
    'providers',
    'proxmox',
    'app-folder',
  ),
  folder('runner', 'the program that carries a run out in the VM', 'guest', 'app-folder'),
  folder(
    'runs',
    'a run in the VM from here: launch, follow, attach, outcome, recovery',
    'ui',
    'config',
    'context',
    'units',
    'guest',
    'vm',
    'app-folder',
    'runner',
  ),
  folder(
    'secrets',
    'declared names + sources: versions in the VM; sync, rotation',
    'ui',
    'config',
    'context',
    'providers',
    'guest',
    'certificate',
    'app-folder',
    'runner',
    'runs',
  ),
  folder(
    'settings',
    'what .env holds beside secrets, and what of it looks like one',
    'context',
    'repository',
    'secrets',
  ),
  folder(
    'images',
    'images that are pulled: where Compose files name them, what registries have, and changing their tags',
    'ui',
    'config',
    'repository',
    'context',
    'certificate',
    'app-folder',
    'secrets',
    'settings',
  ),
  folder(
    'deploy',
    'a release: plan, dry run, transfer, deploy, going back',
    'ui',
    'config',
    'repository',
    'context',
    'hooks',
    'guest',
    'certificate',
    'app-folder',
    'runner',
    'runs',
    'secrets',
    'settings',
  ),
  folder(
    'app',
    'the app that runs: logs, exec, start and stop, releases, prune, destroy',
    'ui',
    'context',
    'hooks',
    'units',
    'guest',
    'app-folder',
    'runner',
    'runs',
    'deploy',
  ),
  folder(
    'pull',
    'the VM deploys by itself what is released in git',
    'ui',
    'config',
    'repository',
    'context',
    'units',
    'guest',
    'app-folder',
    'runs',
    'secrets',
    'settings',
    'deploy',
  ),
  folder('init', 'what `zebu init` finds out and writes', 'ui', 'config', 'providers', 'secrets', 'settings'),
  folder('ci', 'the workflow for GitHub Actions', 'config', 'repository', 'update', 'context', 'providers'),
  folder(
    'doctor',
    'checks of everything before it is needed',
    'ui',
    'repository',
    'context',
    'proxmox',
    'units',
    'guest',
    'vm',
    'certificate',
    'app-folder',
    'secrets',
    'settings',
    'deploy',
    'init',
  ),
  folder('up', 'check, VM and release in one', 'ui', 'repository', 'context', 'vm', 'app-folder', 'deploy', 'doctor'),
  folder(
    'support',
    'what is attached to an issue, without names and secrets',
    'ui',
    'config',
    'redaction',
    'context',
    'providers',
    'proxmox',
    'guest',
    'vm',
    'app-folder',
    'runs',
    'secrets',
    'app',
    'doctor',
  ),
  folder('complete', 'what a shell completes', 'config', 'providers', 'init'),
  folder('cli', 'the start: arguments, help, what is thrown becomes one line and an exit status', 'update', 'complete'),
];

/** The same as a picture; what follows from another arrow is left out. Mermaid. */
export function picture(): string {
  const reaches = (from: string, to: string): boolean =>
    FOLDERS.find(({ name }) => name === from)?.uses.some((use) => use === to || reaches(use, to)) ?? false;
  const lines = FOLDERS.flatMap(({ name, uses }) =>
    uses
      .filter((use) => !uses.some((other) => other !== use && reaches(other, use)))
      .map((use) => `  ${name} --> ${use}`),
  );
  return ['graph TD', ...lines].join('\n');
}
