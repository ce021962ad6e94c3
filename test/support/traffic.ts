import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabReport } from '../../plugins/lab/src/instance/results.js';

export interface Traffic {
  requests: number;
  failed: number;
  /** From the cards of VMs beside the app's, as their ports on the bridge count them. */
  packets: number;
  /** At a port that was there. */
  looks: number;
}

/** Asks the app all the time, and counts at the ports of all other VMs on the bridge. @returns ends it */
export function watchTraffic(
  lab: LabReport,
  { vmid, url, good }: { readonly vmid: number; readonly url: string; readonly good: (body: string) => boolean },
): () => Promise<Traffic> {
  const traffic: Traffic = { requests: 0, failed: 0, packets: 0, looks: 0 };
  const prefix = lab.network.device.slice(0, -2);
  const own = `${prefix}${vmid.toString(36)}g`;
  const look = setInterval(() => {
    for (const name of readdirSync('/sys/class/net')) {
      if (!name.startsWith(prefix) || !name.endsWith('g') || name === own) continue;
      try {
        const packets = Number(readFileSync(`/sys/class/net/${name}/statistics/rx_packets`, 'utf8'));
        traffic.packets = Math.max(traffic.packets, packets);
        traffic.looks++;
      } catch {
        // It goes with its VM.
      }
    }
  }, 50);
  let going = true;
  const asking = (async () => {
    while (going) {
      traffic.requests++;
      const answered = await fetch(url, { signal: AbortSignal.timeout(5000) }).then(
        async (answer) => answer.ok && good(await answer.text()),
        () => false,
      );
      if (!answered) traffic.failed++;
      await sleep(100);
    }
  })();
  return async () => {
    going = false;
    clearInterval(look);
    await asking;
    return traffic;
  };
}
