import { describe, expect, it } from 'vitest';
import { publishedPorts, type PublishedPorts } from '../../../src/lib/compose/published-ports.js';

type Files = Readonly<Record<string, string>>;

const ports = (files: Files, named = Object.keys(files), profiles: readonly string[] = []): Promise<PublishedPorts> =>
  publishedPorts(named, profiles, (path) => Promise.resolve(files[path]));

const of = (text: string): Promise<PublishedPorts> =>
  ports({ 'compose.yml': `services:\n  web:\n    ports: ${text}\n` });

const tcp = (first: number, last = first): unknown => ({ protocol: 'tcp', first, last });

describe('publishedPorts', () => {
  it('reads the short form', async () => {
    expect(await of('["80:8080", "443:443/tcp", "53:53/udp", "192.0.2.7:81:80", "8000-8002:9000-9002"]')).toEqual({
      ports: [tcp(80), tcp(81), tcp(443), tcp(8000, 8002), { protocol: 'udp', first: 53, last: 53 }],
      unread: [],
    });
  });

  it('reads the long form', async () => {
    expect(await of('[{target: 80, published: "8080"}, {target: 53, published: 53, protocol: udp}]')).toEqual({
      ports: [tcp(8080), { protocol: 'udp', first: 53, last: 53 }],
      unread: [],
    });
  });

  it('leaves out what nobody outside can reach: loopback, and ports that Docker chooses', async () => {
    const list = '["127.0.0.1:80:80", "[::1]:81:80", "localhost:82:80", "90", 91, {target: 92}, "127.0.0.1::93"]';
    expect(await of(list)).toEqual({ ports: [], unread: [] });
  });

  it('takes a variable at its default, and says which port it cannot know', async () => {
    expect(await of('["${PORT:-8080}:80", "${OTHER}:81", "${A-1}${B-2}:80"]')).toEqual({
      ports: [tcp(12), tcp(8080)],
      unread: ['compose.yml: web publishes ${OTHER}:81'],
    });
  });

  it('knows a default within another, an address that is left open, and one that is part of a default', async () => {
    const list = '["${A:-${B:-80}}:80", ":443:443", "${BIND:-}:81:80", "${DB:-127.0.0.1:5432}:5432", "${C:-${D}}:82"]';
    expect(await of(list)).toEqual({
      ports: [tcp(80), tcp(81), tcp(443)],
      unread: ['compose.yml: web publishes ${C:-${D}}:82'],
    });
  });

  it('adds up several files, and lets a later one replace or take away', async () => {
    const base = 'services:\n  web: {ports: ["80:80"]}\n  api: {ports: ["81:80"]}\n';
    const add = 'services:\n  web: {ports: ["443:443"]}\n';
    const change = 'services:\n  web:\n    ports: !override ["90:80"]\n  api:\n    ports: !reset []\n';
    const files = { 'a.yml': base, 'b.yml': add, 'c.yml': change };
    expect((await ports(files, ['a.yml', 'b.yml'])).ports).toEqual([tcp(80), tcp(81), tcp(443)]);
    expect((await ports(files)).ports).toEqual([tcp(90)]);
  });

  it('follows what files include and services extend, relative to who says so', async () => {
    const files = {
      'compose.yml':
        'include: [parts/proxy.yml, {path: [parts/db.yml, parts/db.more.yml]}, "oci://example.org/x", "${MORE}"]\nservices:\n  web: {extends: {file: parts/common.yml, service: base}, ports: ["80:80"]}\n  copy: {extends: {file: parts/deeper.yml, service: off}}\n',
      'parts/proxy.yml': 'include: [deeper.yml, gone.yml]\nservices:\n  proxy: {ports: ["443:443"]}\n',
      'parts/deeper.yml': 'services:\n  deep: {ports: ["9000:9000"]}\n  off: {profiles: [off], ports: ["9001:9001"]}\n',
      'parts/db.yml': 'services:\n  db: {ports: ["5432:5432"]}\n',
      'parts/db.more.yml': 'services:\n  db: {ports: !override ["5433:5432"]}\n',
      'parts/common.yml': 'services:\n  base: {ports: ["8080:80"]}\n',
      'compose.prod.yml': 'services:\n  deep: {ports: !reset []}\n',
    };
    const named = ['compose.yml', 'compose.prod.yml'];
    expect((await ports(files, named)).ports).toEqual([tcp(80), tcp(443), tcp(5433), tcp(8080)]);
    const circle = { 'a.yml': 'include: [b.yml]\n', 'b.yml': 'include: [a.yml]\nservices: {b: {ports: ["1:1"]}}\n' };
    expect((await ports(circle, ['a.yml'])).ports).toEqual([tcp(1)]);
  });

  it('knows anchors, merge keys and profiles', async () => {
    const text = [
      'x-base: &base {restart: always}',
      'services:',
      '  web: {<<: *base, ports: ["80:80"]}',
      '  debug: {profiles: [debug], ports: ["9000:9000"]}',
    ].join('\n');
    expect((await ports({ c: text })).ports).toEqual([tcp(80)]);
    expect((await ports({ c: text }, ['c'], ['debug'])).ports).toEqual([tcp(80), tcp(9000)]);
  });

  it('finds nothing in a file that is not Compose', async () => {
    expect(await ports({ c: '- 1', d: '' }, ['c', 'd', 'gone'])).toEqual({ ports: [], unread: [] });
  });
});
