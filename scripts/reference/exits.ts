/** What each exit status means. Which of them a command can end with is declared on the command: its static `exits`. */
export const STATUSES: ReadonlyMap<number, string> = new Map([
  [0, 'done'],
  [1, 'a defect of zebu'],
  [2, 'the command line is wrong, or a confirmation is missing'],
  [3, 'the configuration is wrong'],
  [
    4,
    'Proxmox, the VM or another service cannot be reached, or does not accept who we are, or is not who it should be',
  ],
  [5, 'Proxmox refused the request, or its task failed'],
  [6, 'refused by a precondition; nothing was changed'],
  [7, 'it did not become healthy; what was before is restored and verified'],
  [8, 'the app is not healthy'],
  [9, 'the outcome is unknown, or the work still runs in the VM or on the node'],
  [130, 'interrupted before anything was changed'],
]);
