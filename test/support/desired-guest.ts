import type { DesiredGuest } from '../../src/lib/guest/ensure/model.js';

/** What is wanted of a VM of the app `shop` where zebu.yml says nothing of it. */
export const DESIRED_GUEST: DesiredGuest = {
  user: 'deploy',
  app: 'shop',
  sshKeys: undefined,
  swapMb: 1024,
  securityUpgrades: true,
  containerLogMb: 30,
  wanted: { units: [], names: [], packages: [] },
};
