/**
 * Why a run in the VM ended as it did, as a code, for programs. The words next to it are for people, and may be
 * others in the next version. The runner writes both, into the last line of the journal and into the history; the causes that
 * it has are exactly these.
 */
export const CAUSES = {
  'build-failed': 'An image could not be built.',
  'client-gone':
    'Went live, judged from inside the VM alone: whoever deployed went away before the probes from outside.',
  'compose-invalid': 'The Compose files cannot be read, or say what they may not.',
  'data-busy': 'A dump, or a restore, is under way.',
  'data-conflict': 'The commit has something else where data of earlier releases is kept.',
  'data-unplaced': 'A folder for data could not be made or filled.',
  'dump-damaged': 'A dump is not what it was when it was made.',
  'dump-failed': 'The dump before the switch could not be made.',
  'dump-missing': 'There is no such dump, in the VM or off it.',
  'dump-unfit': 'A dump does not fit the live release, or its old data cannot be put aside.',
  'docker-silent': 'Docker does not answer.',
  'exited-255': 'A container exited with 255: its own word, or that of Docker about one it has lost sight of.',
  'hook-failed': 'A program of .zebu/hooks failed.',
  'image-missing': 'An image could not be pulled, or is not there.',
  interrupted: 'The run was killed, or the machine lost power, and it was undone.',
  'link-failed': 'The link to the live release could not be switched.',
  'network-failed': 'A network could not be made anew.',
  'no-container': 'There is no container of a service, or of any.',
  'no-memory': 'Less memory is available than deploy.min_memory_mb.',
  'no-space': 'The disk is full, or less is free than deploy.min_free_mb.',
  'not-in-force': 'What runs is not what the release says.',
  'not-ready': 'Not healthy in time.',
  'not-recovered': 'An earlier run was interrupted and cannot be undone.',
  'not-stored': 'What is to change did not arrive.',
  'offsite-away': 'The off-site repository does not answer.',
  'offsite-denied': 'The password is not that of the off-site repository.',
  'offsite-failed': 'restic failed.',
  'offsite-missing': 'There is no off-site repository, or not any more.',
  'port-taken': 'A port is taken, or Docker holds it for a container that is gone.',
  probation: 'It failed after it was live, within its probation.',
  'probe-failed': 'A probe failed, in the VM or from outside.',
  'proxy-failed': 'The front proxy did not take its configuration, or the new container.',
  'registry-away': 'A registry cannot be reached, or does not answer as one.',
  'registry-denied': 'A registry does not accept the user with this token.',
  'registry-untrusted': 'The certificate of a registry is not trusted.',
  rehearsed: 'It was only prepared, to be rehearsed in a copy of the VM.',
  'release-command-failed': 'deploy.release_command failed.',
  'restore-failed': 'What is in a dump could not be brought back.',
  resumed: 'Went live after it was interrupted.',
  'rotate-failed': 'A rotate.command failed.',
  'secret-in-build': 'A build argument carries a secret.',
  'secrets-unbound': 'The new secrets are in use, but the release could not be told.',
  'snapshot-missing': 'There is no snapshot of the VM from before the switch.',
  unhealthy: 'A container is unhealthy, has exited, or restarts again and again.',
  'up-failed': 'Compose could not start the containers.',
  'volume-fixed': 'A volume that is there cannot get the settings of the Compose files.',
} as const;

export type Cause = keyof typeof CAUSES;

/** Undefined for what is none: nothing, or a code of a runner that is newer than this. */
export function toCause(text: string | undefined): Cause | undefined {
  return text !== undefined && Object.hasOwn(CAUSES, text) ? (text as Cause) : undefined;
}
