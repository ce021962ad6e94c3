import { createHash } from 'node:crypto';
import { installScript, type DockerFrom } from '../../../guest/install-docker.js';
import type { DesiredVm } from '../../desired.js';
import SEAL from './seal.sh';

/** What is done to a template beside that; a change here makes new ones. */
const FORMAT = 1;

/** GiB of the disk of a template: enough for Docker and upgrades of packages, and a clone's is grown, but never shrunk. */
const DISK_GB = 8;

/** Of a template that is made for this VM; it is one for others whose disk is not smaller. */
export const templateDiskGb = ({ diskGb }: DesiredVm): number => Math.min(diskGb, DISK_GB);

/**
 * Two VMs are cloned from the same template if all of this is the same for them: the image, Docker's origin, how it is
 * installed, and how a template is emptied. Node, storage and the size of its disk are seen at the template itself.
 */
export function templateKey(desired: DesiredVm, docker: DockerFrom): string {
  const { image } = desired;
  const from = image?.kind === 'url' ? [image.algorithm, image.checksum.toLowerCase()] : [image?.volume];
  const made = [FORMAT, from, docker, installScript(docker), SEAL];
  return createHash('sha256').update(JSON.stringify(made)).digest('hex');
}

/** Enough of it to tell templates apart in a list. */
const short = (key: string): string => key.slice(0, 8);

/** `zebu-template-debian12-docker28-1a2b3c4d`; without what is in it as long as that is not known. */
export function templateName(key: string, inside?: { readonly os: string; readonly docker: string }): string {
  const parts =
    inside === undefined ? [] : [inside.os, `docker${inside.docker.split('.', 1)[0] ?? ''}`].map((part) => plain(part));
  return ['zebu-template', ...parts.filter((part) => part !== ''), short(key)].join('-');
}

/** As a DNS name takes it. */
const plain = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '')
    .slice(0, 16);

const DAY_MS = 86_400_000;

/** Security upgrades of image and Docker are in a new one. */
export const LONGEST_DAYS = 30;

export const isOutdated = (made: string, now: Date): boolean =>
  now.getTime() - Date.parse(made) > LONGEST_DAYS * DAY_MS;
