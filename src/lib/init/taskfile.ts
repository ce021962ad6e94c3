/** What each task runs; the first part of the name is the namespace. */
const TASKS: readonly {
  readonly name: string;
  readonly desc: string;
  readonly cmds: readonly string[];
  readonly needs?: string;
}[] = [
  { name: 'create', desc: 'Create the VM with Docker in it, or finish it', cmds: ['zebu vm:create {{.CLI_ARGS}}'] },
  {
    name: 'deploy',
    desc: 'Deploy a tag, as in VERSION=v1.2',
    cmds: ['zebu app:deploy --tag {{shellQuote .VERSION}} {{.CLI_ARGS}}'],
    needs: 'VERSION',
  },
  { name: 'status', desc: 'Show the VM and the app', cmds: ['zebu vm:status', 'zebu app:status {{.CLI_ARGS}}'] },
  { name: 'logs', desc: 'Show what the services print, as in -- -f web', cmds: ['zebu app:logs {{.CLI_ARGS}}'] },
  { name: 'start', desc: 'Start the VM and the app', cmds: ['zebu vm:start', 'zebu app:start {{.CLI_ARGS}}'] },
  { name: 'stop', desc: 'Stop the app', cmds: ['zebu app:stop {{.CLI_ARGS}}'] },
  { name: 'restart', desc: 'Restart the app', cmds: ['zebu app:restart {{.CLI_ARGS}}'] },
  { name: 'rollback', desc: 'Go back to the release before', cmds: ['zebu app:rollback {{.CLI_ARGS}}'] },
  { name: 'destroy', desc: 'Destroy the VM and everything in it', cmds: ['zebu vm:destroy {{.CLI_ARGS}}'] },
];

/**
 * A Taskfile of thin wrappers: all they do is call zebu.
 * @param prefix `proxmox:` for a file of its own; nothing for one that is included under that name
 */
export function renderTaskfile(prefix: string): string {
  const tasks = TASKS.flatMap(({ name, desc, cmds, needs }) => [
    '',
    `  ${prefix}${name}:`,
    `    desc: ${desc}`,
    // A prompt and Ctrl-C belong to zebu, so it has the terminal to itself.
    '    interactive: true',
    ...(needs === undefined ? [] : [`    requires: { vars: [${needs}] }`]),
    '    cmds:',
    ...cmds.map((cmd) => `      - ${cmd.trim()}`),
  ]);
  return `# task proxmox:deploy VERSION=v1.2; further flags of zebu after --\nversion: '3'\n\ntasks:${tasks.join('\n')}\n`;
}
