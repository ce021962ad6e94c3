/** A small app with secrets of every kind: one that breaks it, one its data was made with, one used at build time. */

const SERVICE = `
    build: .
    restart: unless-stopped
    stop_signal: SIGKILL
    healthcheck: { interval: 2s, timeout: 5s, retries: 2, start_period: 10s, start_interval: 500ms, test: [CMD, sh, -c, `;

export const APP_FILES: Readonly<Record<string, string>> = {
  '.gitignore': '.env\nbusybox\n',
  Dockerfile: `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
COPY serve.sh /serve.sh
CMD ["sh", "/serve.sh"]
`,
  // The database of the test: its data knows the password it was made with.
  'serve.sh': `if [ -d /data ] && [ ! -f /data/password ]; then printf %s "$DB_PASSWORD" >/data/password; fi
echo "started with $API_TOKEN and $DB_PASSWORD and $CERTIFICATE"
echo "basic $(printf 'user:%s' "$API_TOKEN" | base64 -w 0)" >&2
exec httpd -f -p 8080
`,
  'compose.yml': `services:
  api:${SERVICE}'case "$$API_TOKEN" in broken*) exit 1 ;; esac'] }
    environment:
      API_TOKEN: \${API_TOKEN}
      CERTIFICATE: \${CERTIFICATE:-}
      ODD: \${ODD:-}
  db:${SERVICE}'[ "$$(cat /data/password)" = "$$DB_PASSWORD" ]'] }
    environment: [DB_PASSWORD]
    volumes: [data:/data]
  idle:${SERVICE}'true'] }
volumes:
  data:
`,
  '.zebu/hooks/pre-build': `#!/bin/sh
set -eu
cp "$(command -v busybox)" busybox
`,
};

export const DECLARED = {
  API_TOKEN: {},
  CERTIFICATE: { required: false },
  ODD: { required: false },
  PEPPER: { required: false, rotate: 'never' },
  SESSION_KEY: { generate: { length: 40, alphabet: 'hex' } },
  DB_PASSWORD: {
    generate: true,
    rotate: {
      service: 'db',
      command: '[ "$(cat /data/password)" = "$ZEBU_OLD" ] && printf %s "$ZEBU_NEW" >/data/password',
    },
  },
};
