import { surveySite } from '../observe.js';
import { planCreation } from '../plan.js';
import type { Provisioner } from './provisioner.js';

/** Downloads a cloud image and imports it, through the API alone. */
export const cloudImage: Provisioner = {
  id: 'cloud-image',
  plan: async (_context, client, desired, found) => planCreation(desired, await surveySite(client, desired), found),
};
