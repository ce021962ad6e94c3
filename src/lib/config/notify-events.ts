/** What can be told, with the sentence the reference prints. What begins and ends is one of them: whoever is told of the one is told of the other. */
export const NOTIFY_EVENTS = {
  deployed: 'a release is live, after a deploy, a rollback or a change of secrets',
  failed: 'a deploy was refused, or left the app not healthy',
  restored: 'a deploy failed, and what was live before goes on',
  probation: 'a release was undone after it was live',
  'pull-refused': 'a tag or commit was not pulled',
  'pull-away': 'the git server is away, and back',
  down: 'a service has ended, has no container, or Docker does not answer; and up again',
  unhealthy: 'a service is unhealthy; and well again',
  restarting: 'a service restarts again and again; and well again',
  up: 'well again, also for whoever is not told of what was before',
  healed: 'a service was restarted by `watch.heal`',
  drifted: 'containers were changed by hand',
  disk: 'the disk is as full as `watch.disk` says',
  certificate: 'a certificate of the front proxy ends soon',
  proof: 'no backup, or no dump, was proven for as long as `prove.max_age` says',
  reboot: 'a security upgrade wants a reboot',
  'dump-failed': 'a scheduled dump of the data could not be made',
  'offsite-failed': 'a dump could not be copied off the VM',
} as const;

export type NotifyEvent = keyof typeof NOTIFY_EVENTS;
