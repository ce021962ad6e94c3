import { describe, expect, it } from 'vitest';
import { publishedPorts } from '../../../src/lib/compose/published-ports.js';

const of = (ports: string, profiles: readonly string[] = []): unknown =>
  publishedPorts([{ name: 'compose.yml', text: `services:\n  web:\n    ports: ${ports}\n` }], profiles);

const tcp = (first: number, last = first): unknown => ({ protocol: 'tcp', first, last });

describe('publishedPorts', () => {
  it('reads the short form', () => {
    expect(of('["80:8080", "443:443/tcp", "53:53/udp", "192.0.2.7:81:80", "8000-8002:9000-9002"]')).toEqual({
      ports: [tcp(80), tcp(81), tcp(443), tcp(8000, 8002), { protocol: 'udp', first: 53, last: 53 }],
      unread: [],
    });
  });

  it('reads the long form', () => {
    expect(of('[{target: 80, published: "8080"}, {target: 53, published: 53, protocol: udp}]')).toEqual({
      ports: [tcp(8080), { protocol: 'udp', first: 53, last: 53 }],
      unread: [],
    });
  });

  it('leaves out what nobody outside can reach: loopback, and ports that Docker chooses', () => {
    const list = '["127.0.0.1:80:80", "[::1]:81:80", "localhost:82:80", "90", 91, {target: 92}, "127.0.0.1::93"]';
    expect(of(list)).toEqual({ ports: [], unread: [] });
  });

  it('takes a variable at its default, and says which port it cannot know', () => {
    expect(of('["${PORT:-8080}:80", "${OTHER}:81", "${A-1}${B-2}:80"]')).toEqual({
      ports: [tcp(12), tcp(8080)],
      unread: ['compose.yml: web publishes ${OTHER}:81'],
    });
  });

  it('adds up several files, and lets a later one replace or take away', () => {
    const base = { name: 'a.yml', text: 'services:\n  web: {ports: ["80:80"]}\n  api: {ports: ["81:80"]}\n' };
    const add = { name: 'b.yml', text: 'services:\n  web: {ports: ["443:443"]}\n' };
    const change = {
      name: 'c.yml',
      text: 'services:\n  web:\n    ports: !override ["90:80"]\n  api:\n    ports: !reset []\n',
    };
    expect(publishedPorts([base, add], []).ports).toEqual([tcp(80), tcp(81), tcp(443)]);
    expect(publishedPorts([base, add, change], []).ports).toEqual([tcp(90)]);
  });

  it('knows anchors, merge keys and profiles', () => {
    const text = [
      'x-base: &base {restart: always}',
      'services:',
      '  web: {<<: *base, ports: ["80:80"]}',
      '  debug: {profiles: [debug], ports: ["9000:9000"]}',
    ].join('\n');
    expect(publishedPorts([{ name: 'c', text }], []).ports).toEqual([tcp(80)]);
    expect(publishedPorts([{ name: 'c', text }], ['debug']).ports).toEqual([tcp(80), tcp(9000)]);
  });

  it('finds nothing in a file that is not Compose', () => {
    expect(
      publishedPorts(
        [
          { name: 'c', text: '- 1' },
          { name: 'd', text: '' },
        ],
        [],
      ),
    ).toEqual({ ports: [], unread: [] });
  });
});
