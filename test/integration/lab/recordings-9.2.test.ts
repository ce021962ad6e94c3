/**
 * What a real Proxmox VE 9.2 node answered over SSH and over its REST API, asked of the lab again in the order of that
 * node's life: whether it ended well, stdout and stderr byte for byte but for what differs by nature (`replay/typed.ts`),
 * and every field of what is JSON. Nothing recorded is left out; what the recorder's node did by itself is not compared, and what the lab does not do is listed.
 */
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeAsRecorded, type Replayed } from '../../support/replay/node-9.2.js';
import { lifeOf, nameOf, Replay } from '../../support/replay/play.js';
import { restRequests, typedCommands } from '../../support/replay/recordings.js';
import { STAGE } from '../../support/replay/stage-9.2.js';

/** What the lab does not do. Each is asked all the same: the day it is answered as recorded, it must come off the list. */
const NOT_IMPLEMENTED: Readonly<Record<string, string>> = {
  '419-agent-fstrim': 'the file systems of a guest in namespaces are those of this machine',
};

const LIFE = lifeOf();
const counts = { 'over SSH': { compared: 0, different: 0 }, 'over REST': { compared: 0, different: 0 } };

let node: Replayed;
let replay: Replay;

describe('the lab answers like a real Proxmox VE 9.2 node', () => {
  beforeAll(async () => {
    node = await nodeAsRecorded();
    replay = new Replay(node);
    await STAGE['']?.(node, replay.answered);
  });
  afterAll(async () => {
    for (const [wire, { compared, different }] of Object.entries(counts))
      process.stderr.write(`${compared} recordings compared ${wire}, ${different} differences\n`);
    await node.down();
  });

  it('plays everything that was recorded, once', () => {
    const recorded = [...typedCommands(), ...restRequests()].map(({ name }) => name);
    expect(LIFE.map(nameOf).toSorted()).toEqual(recorded.toSorted());
  });

  for (const step of LIFE) {
    const name = nameOf(step);
    const evidence = !('command' in step) || step.command.noEvidence === undefined;
    it(evidence ? name : `${name} (no evidence)`, { retry: 0 }, async () => {
      await STAGE[name]?.(node, replay.answered);
      const { is, was } = await replay.play(step);
      if (!evidence) return;
      if (NOT_IMPLEMENTED[name] !== undefined) {
        expect(is, NOT_IMPLEMENTED[name]).not.toEqual(was);
        return;
      }
      const count = counts['command' in step ? 'over SSH' : 'over REST'];
      count.compared++;
      if (!isDeepStrictEqual(is, was)) count.different++;
      expect(is).toEqual(was);
    });
  }
});
