import { surveySite } from '../site.js';
import { planCreation } from '../plan.js';
import type { Provisioner } from './provisioner.js';

/** Downloads a cloud image and imports it, through the API alone. */
export const cloudImage: Provisioner = {
  id: 'cloud-image',
  plan: async (context, client, desired, found) => {
    // A VM that was begun stays on the node where it was begun.
    const site = await surveySite(client, { ...desired, node: found?.node ?? desired.node });
    if (site.why !== undefined && found === undefined) context.io.note(`node ${site.node}: ${site.why}`);
    return planCreation(desired, site, found);
  },
};
