import { describe, expect, it } from 'vitest';
import { placeVm } from '../../../src/lib/proxmox/placement.js';

const node = (name: string, freeGib?: number, status = 'online') => ({
  node: name,
  status,
  ...(freeGib === undefined ? {} : { mem: 1024 ** 3, maxmem: (freeGib + 1) * 1024 ** 3 }),
});

describe('where a new VM goes', () => {
  it('is the only node, without a word', () => {
    expect(placeVm([node('pve')], undefined)).toEqual({ node: 'pve' });
  });

  it('is the one online with most free memory, with the reason', () => {
    const nodes = [node('a', 4), node('b', 16), node('c', 64, 'offline')];
    expect(placeVm(nodes, undefined)).toEqual({ node: 'b', why: 'most free memory (16.0 GiB) of a, b' });
  });

  it('is the one that was named, if it is there and online', () => {
    const nodes = [node('a', 4), node('b', 16, 'offline')];
    expect(placeVm(nodes, 'a')).toEqual({ node: 'a' });
    expect(() => placeVm(nodes, 'b')).toThrowError('the node b is offline');
    expect(() => placeVm(nodes, 'c')).toThrowError('there is no node c; there is a, b');
  });

  it('is not guessed where memory may not be seen, nor found where nothing is online', () => {
    expect(() => placeVm([node('a'), node('b')], undefined)).toThrowError('may not be seen');
    expect(() => placeVm([node('a', 1, 'offline')], undefined)).toThrowError('No node of the cluster is online (a)');
  });
});
