import type { Shell } from './guest-shell.js';

/** As much of a registry as `docker push` and `docker pull` use; everything in memory, of whatever runs on this machine. */
const PROGRAM = `
import hashlib, http.server, re
blobs, uploads, tags = {}, {}, {}
def digest(body): return 'sha256:' + hashlib.sha256(body).hexdigest()
class Registry(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def body(self):
        if self.headers.get('Transfer-Encoding') != 'chunked':
            return self.rfile.read(int(self.headers.get('Content-Length', 0)))
        whole = b''
        while True:
            size = int(self.rfile.readline().split(b';')[0], 16)
            whole += self.rfile.read(size)
            self.rfile.readline()
            if size == 0: return whole
    def answer(self, status, body=b'', **headers):
        self.send_response(status)
        for name, value in headers.items(): self.send_header(name.replace('_', '-'), value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD': self.wfile.write(body)
    def do_GET(self):
        path = self.path.split('?')[0]
        if path == '/v2/': return self.answer(200, b'{}')
        _, name, kind, ref = re.match('(/v2/)(.*)/(blobs|manifests)/(.*)', path).groups()
        found = blobs.get(tags.get((name, ref), ref))
        if found is None: return self.answer(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}', Content_Type='application/json')
        kind, body = found
        self.answer(200, body, Content_Type=kind, Docker_Content_Digest=digest(body))
    do_HEAD = do_GET
    def do_POST(self):
        self.body()
        uploads[str(len(uploads))] = b''
        self.answer(202, Location=self.path.split('?')[0] + str(len(uploads) - 1), Range='0-0')
    def do_PATCH(self):
        key = self.path.split('?')[0].split('/')[-1]
        uploads[key] += self.body()
        self.answer(202, Location=self.path, Range='0-%d' % max(0, len(uploads[key]) - 1))
    def do_PUT(self):
        path = self.path.split('?')[0]
        body = self.body()
        if '/uploads/' in path:
            body = uploads.pop(path.split('/')[-1], b'') + body
            uploads[path.split('/')[-1]] = b''
            blobs[digest(body)] = ('application/octet-stream', body)
        else:
            name, ref = re.match('/v2/(.*)/manifests/(.*)', path).groups()
            tags[(name, ref)] = digest(body)
            blobs[digest(body)] = (self.headers['Content-Type'], body)
        self.answer(201, Location=path, Docker_Content_Digest=digest(body))
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer(('127.0.0.1', 5000), Registry).serve_forever()
`;

/** Repository names begin with this. */
export const REGISTRY = '127.0.0.1:5000';

/** Starts a registry in the guest; returns what ends it. */
export function startRegistry(guest: Shell): () => void {
  const text = Buffer.from(PROGRAM).toString('base64');
  const pid = guest.run(
    `echo ${text} | base64 -d >/tmp/registry.py; setsid python3 /tmp/registry.py >/tmp/registry.log 2>&1 </dev/null & echo $!; ` +
      `for i in $(seq 50); do python3 -c 'import urllib.request; urllib.request.urlopen("http://${REGISTRY}/v2/")' 2>/dev/null && break; sleep 0.2; done`,
  );
  return () => void guest.run(`kill ${pid}`);
}

/** Builds an image of busybox with this command in the guest and pushes it. */
export function pushImage(guest: Shell, name: string, command: readonly string[]): void {
  const dockerfile = `FROM scratch\nCOPY busybox /bin/busybox\nCMD ${JSON.stringify(['/bin/busybox', ...command])}\n`;
  guest.run(
    `set -e; work=$(mktemp -d); cp "$(command -v busybox)" "$work/busybox"; echo ${Buffer.from(dockerfile).toString('base64')} | base64 -d >"$work/Dockerfile"; ` +
      `docker build -q -t ${name} "$work"; docker push -q ${name}; rm -r "$work"`,
  );
}
